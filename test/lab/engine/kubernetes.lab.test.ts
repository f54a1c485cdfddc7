/**
 * The Kubernetes provider that is built here is a commit of its own and answers to the npm package's version: every
 * kind that the program declares must be in its schema, with every property that the package's class has.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "../../e2e/support/project";
import { builtPart, engineParts } from "./installation";

const built = builtPart(engineParts.find(({ name }) => name === "kubernetes")!);
const file = built === undefined ? "" : join(dirname(built), "schema.json");
if (built === undefined) console.warn("skipped: the Kubernetes provider was not built here");

interface Schema {
  readonly resources: Readonly<
    Record<string, { readonly inputProperties: Readonly<Record<string, unknown>> }>
  >;
}

/** Paths of the classes that components import, such as `core/v1/pod`. */
function classes(): string[] {
  const folder = join(projectRoot, "components");
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const paths = texts.flatMap((text) =>
    [...text.matchAll(/from "@pulumi\/kubernetes\/(\w+\/\w+\/\w+)"/g)].map((match) => match[1]!),
  );
  return [...new Set(paths)].toSorted();
}

/** The class's type token and its inputs, from the package's own code. */
function classOf(path: string): { token: string; inputs: string[] } {
  const text = readFileSync(join(projectRoot, "node_modules/@pulumi/kubernetes", `${path}.js`), "utf8");
  const token = /__pulumiType = '([^']+)'/.exec(text)?.[1];
  if (token === undefined) throw new Error(`${path} has no type token`);
  const given = [...text.matchAll(/resourceInputs\["(\w+)"\] = (?!undefined)/g)].map((m) => m[1]!);
  return { token, inputs: [...new Set(given)] };
}

(built === undefined ? describe.skip : describe)(
  "the schema of the Kubernetes provider that is built here",
  () => {
    it("lies beside it", () => {
      expect(existsSync(file)).toBe(true);
    });

    it.each(classes())("has %s with all of its inputs", (path) => {
      const { resources } = JSON.parse(readFileSync(file, "utf8")) as Schema;
      const { token, inputs } = classOf(path);
      expect(inputs).toContain("metadata");
      expect(Object.keys(resources[token]?.inputProperties ?? {})).toEqual(expect.arrayContaining(inputs));
    });
  },
);
