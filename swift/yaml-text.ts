/**
 * YAML whose scalars are all text, as they are to Go's `yaml.v2` in text fields: `0123456`, `1e3` and `yes` are what stands
 * there, only null is nothing. A reader that follows YAML's own types would make another password of an unquoted `0123456`.
 */
import { type Document, isScalar, parseAllDocuments, Scalar, visit } from "yaml";

/** Nested maps and lists whose leaves are text, or `undefined` for null. */
export type TextTree = string | undefined | readonly TextTree[] | { readonly [key: string]: TextTree };

/** Plain scalars that are null (yaml.v2, resolve.go). */
const nulls: ReadonlySet<string> = new Set(["", "~", "null", "Null", "NULL"]);

/**
 * The first document of the text; anchors and merge keys are resolved, of two equal keys the last counts.
 * @throws Error without any part of the text, which may hold a password
 */
export function readYamlText(text: string): TextTree {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: false, logLevel: "silent" });
  const document: Document.Parsed | undefined = documents[0];
  if (document === undefined) {
    return undefined;
  }
  if (document.errors.length > 0) {
    throw new Error("not valid YAML");
  }
  visit(document, { Scalar: (_, node) => (isScalar(node) ? asWritten(node) : undefined) });
  try {
    return document.toJS() as TextTree;
  } catch {
    throw new Error("not valid YAML");
  }
}

function asWritten(node: Scalar): void {
  // A merge key is a symbol inside the library.
  if (typeof node.value !== "symbol") node.value = scalarText(node);
}

/** The text of a scalar, whatever type it looks like; `undefined`: null. */
export function scalarText(node: Scalar): string | undefined {
  const { value, source = "", type, tag } = node;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (type !== Scalar.PLAIN) return typeof value === "string" ? value : source;
  return tag === undefined && nulls.has(source) ? undefined : source;
}

/** The node at this path of keys; `undefined` where there is none. */
export function treeAt(tree: TextTree, ...path: readonly string[]): TextTree {
  let node = tree;
  for (const key of path) {
    node =
      typeof node === "object" && !Array.isArray(node)
        ? (node as Readonly<Record<string, TextTree>>)[key]
        : undefined;
  }
  return node;
}

/** The text at this path; empty where there is none. */
export function textAt(tree: TextTree, ...path: readonly string[]): string {
  const found = treeAt(tree, ...path);
  return typeof found === "string" ? found : "";
}
