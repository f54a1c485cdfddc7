/**
 * YAML as Go's `yaml.v2` reads it into a value of known types, which is how the registry's operator reads clouds.yaml.
 * It differs from what YAML says where a file uses more than plain mappings (yaml.v2, decode.go):
 * - a merge key counts where it stands: what it brings replaces the keys before it, and the keys after it replace that;
 * - a mapping that is met twice, by a merge key or as a key written twice, is filled up and not replaced;
 * - a value of another type than the field's spoils the whole file.
 * What yaml.v2's parser does not take at all is refused here as well: it would show when the registry is to start.
 */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { scalarText, type TextTree } from "./yaml-text";

/** What a value is read into. `any`: a field that the reader does not have, read all the same. */
export type Shape =
  "text" | "flag" | "any" | { readonly fields: Readonly<Record<string, Shape>> } | { readonly each: Shape };

/** A value that is of another type than its field; the value is not quoted. */
export interface Mistake {
  readonly line: number;
  /** Keys from the top. */
  readonly path: readonly string[];
  readonly expected: "a text" | "true or false" | "a mapping";
}

export interface GoYaml {
  /** Flags are the text that stands there. */
  readonly tree: TextTree;
  readonly mistakes: readonly Mistake[];
}

/** Not read by yaml.v2. The message is one line without any part of the text, which may hold a password. */
export class NotYaml extends Error {}

/** Nodes that are read at most, those behind aliases each time: a small file may stand for a huge one. */
const most = 100_000;

/** The first document of the text. @throws NotYaml */
export function readGoYaml(text: string, shape: Shape): GoYaml {
  const lines = new LineCounter();
  const document = parsed(text, lines);
  if (document === undefined) return { tree: undefined, mistakes: [] };
  const decoder = new Decoder(document, lines);
  return { tree: decoder.read(document.contents, shape, undefined, []), mistakes: decoder.mistakes };
}

function parsed(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  const control = unreadable.exec(text);
  if (control !== null)
    throw new NotYaml(`a character that is not printable in line ${lineOf(text, control.index)}`);
  const options = { uniqueKeys: false, logLevel: "silent", keepSourceTokens: true } as const;
  const [document] = parseAllDocuments(text, { ...options, lineCounter }) as readonly Document.Parsed[];
  // YAML 1.2 has no `\'`; yaml.v2 reads it as an apostrophe.
  const escape = document?.errors.find(
    ({ code, pos }) => code === "BAD_DQ_ESCAPE" && text.startsWith("\\'", pos[0]),
  );
  if (escape !== undefined) {
    return parsed(text.slice(0, escape.pos[0]) + text.slice(escape.pos[0] + 1), new LineCounter());
  }
  const [error] = document?.errors ?? [];
  if (error !== undefined) throw new NotYaml(`not valid YAML in line ${lineOf(text, error.pos[0])}`);
  if (document !== undefined) refuse(document, text);
  return document;
}

/** What its reader lets through (readerc.go): no control characters, and no byte order mark but the first. */
const unreadable =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|(?!^)\ufeff/u;

/** What YAML 1.2 allows, and yaml.v2 does not. */
function refuse({ directives, contents }: Document.Parsed, text: string): void {
  const { explicit, version } = directives.yaml;
  if (explicit === true && version !== "1.1") {
    throw new NotYaml(`%YAML ${version}: only 1.1 is read`);
  }
  /** Where a tab may stand at a line's beginning. */
  const within: (readonly [number, number])[] = [];
  visit(contents, {
    Collection(_, { flow, range }) {
      if (flow === true && range) within.push([range[0], range[1]]);
    },
    Scalar(_, node, path) {
      const raw = node.srcToken !== undefined && "source" in node.srcToken ? node.srcToken.source : "";
      const [start, end] = node.range ?? [0, 0];
      if (node.type === Scalar.QUOTE_DOUBLE && /^(?:[^\\]|\\[^/])*\\\//su.test(raw)) {
        throw new NotYaml(`the escape \\/ in line ${lineOf(text, start)}`);
      }
      const inFlow = path.some((each) => isCollection(each) && each.flow === true);
      if (node.type === Scalar.PLAIN && inFlow && raw.includes("?")) {
        throw new NotYaml(`a ? without quotes, in braces or brackets, in line ${lineOf(text, start)}`);
      }
      within.push([start, end]);
    },
  });
  for (const { index } of text.matchAll(/(?<=^ *)\t/gmu)) {
    if (!within.some(([start, end]) => start <= index && index < end)) {
      throw new NotYaml(`a tab at the beginning of line ${lineOf(text, index)}`);
    }
  }
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

class Decoder {
  readonly mistakes: Mistake[] = [];
  private readonly open = new Set<Node>();
  private count = 0;

  constructor(
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
  ) {}

  /** `before`: what the field holds already. */
  read(given: Node | null | undefined, shape: Shape, before: TextTree, path: readonly string[]): TextTree {
    if (++this.count > most) throw new NotYaml("too many aliases");
    const node = this.target(given);
    if (node === undefined) return undefined;
    this.open.add(node);
    try {
      return this.readNode(node, shape, before, path);
    } finally {
      this.open.delete(node);
    }
  }

  private readNode(node: Node, shape: Shape, before: TextTree, path: readonly string[]): TextTree {
    const expected = expectedOf(node, shape);
    if (expected !== undefined) {
      const { line } = this.lines.linePos(node.range?.[0] ?? 0);
      this.mistakes.push({ line, path, expected });
      // The file is spoiled; what stands there is read for whoever tells more about it.
      return this.readNode(node, "any", undefined, path);
    }
    if (isScalar(node)) return scalarText(node);
    if (isMap(node)) {
      const filled = shape !== "any" && isRecord(before) ? { ...before } : {};
      this.fill(node, shape, filled, path);
      return filled;
    }
    return isSeq(node)
      ? node.items.map((each, index) => this.read(each as Node, "any", undefined, [...path, String(index)]))
      : undefined;
  }

  private fill(map: YAMLMap, shape: Shape, into: Record<string, TextTree>, path: readonly string[]): void {
    for (const { key, value } of map.items as readonly { key: Node; value: Node | null }[]) {
      if (isMergeKey(key)) {
        this.merge(value, shape, into, path);
        continue;
      }
      const named = this.target(key);
      const name = isScalar(named) ? (scalarText(named) ?? "") : undefined;
      if (name === undefined) continue;
      const inner = innerOf(shape, name);
      // An entry of a map takes the place of the one before, a field of a struct is filled up.
      const before = typeof shape === "object" && "fields" in shape ? into[name] : undefined;
      into[name] = this.read(value, inner, before, [...path, name]);
    }
  }

  private merge(
    value: Node | null,
    shape: Shape,
    into: Record<string, TextTree>,
    path: readonly string[],
  ): void {
    const node = this.target(value);
    // Of a list the earlier ones count.
    const maps = isSeq(node) ? (node.items as Node[]).toReversed() : [node];
    for (const each of maps) {
      const map = this.target(each);
      if (!isMap(map)) throw new NotYaml("a merge key (<<) without a mapping");
      if (++this.count > most) throw new NotYaml("too many aliases");
      this.open.add(map);
      this.fill(map, shape, into, path);
      this.open.delete(map);
    }
  }

  /** What an alias stands for. @throws NotYaml where that is not there, or the alias is inside it */
  private target(node: Node | null | undefined): Node | undefined {
    if (!isAlias(node)) return node ?? undefined;
    const found = node.resolve(this.document);
    if (found === undefined) throw new NotYaml("an alias (*) without an anchor (&)");
    if (this.open.has(found)) throw new NotYaml("an alias (*) inside its own anchor (&)");
    return this.target(found);
  }
}

/** What the shape wants where the node is something else. */
function expectedOf(node: Node, shape: Shape): Mistake["expected"] | undefined {
  if (shape === "any" || (isScalar(node) && scalarText(node) === undefined)) return undefined;
  if (typeof shape === "object") return isMap(node) ? undefined : "a mapping";
  if (!isScalar(node)) return shape === "text" ? "a text" : "true or false";
  return shape === "flag" && !isFlag(node) ? "true or false" : undefined;
}

/** The boolean words of yaml.v2 (resolve.go); a quoted one is a text. */
function isFlag(node: Scalar): boolean {
  return (
    node.type === Scalar.PLAIN &&
    /^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/.test(
      node.source ?? "",
    )
  );
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.source === "<<";
}

function innerOf(shape: Shape, name: string): Shape {
  if (typeof shape !== "object") return "any";
  return "each" in shape ? shape.each : Object.hasOwn(shape.fields, name) ? shape.fields[name]! : "any";
}

function isRecord(tree: TextTree): tree is Readonly<Record<string, TextTree>> {
  return typeof tree === "object" && !Array.isArray(tree);
}
