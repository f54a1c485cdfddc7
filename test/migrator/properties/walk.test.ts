import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { fromText } from "../../../swift/bytes";
import { registryTree } from "../../../migrator/volume/layout";
import { walkRegistry, type SourceProblem } from "../../../migrator/volume/walk";
import { byBytes, hostileSegments } from "../trees/names";
import { smallTree } from "../trees/kinds";
import { RegistryTree } from "../trees/registry";
import { files } from "./names";

const made: string[] = [];
function volume(): string {
  const root = mkdtempSync(join(tmpdir(), "walk-"));
  made.push(root);
  return root;
}
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true })));

function walked(root: string): { names: string[]; problems: SourceProblem[] } {
  const problems: SourceProblem[] = [];
  const names = [...walkRegistry({ root, onProblem: (problem) => problems.push(problem) })].map(
    ({ name }) => name,
  );
  return { names, problems };
}

test("the walk gives every file once, in the order in which Swift lists them", () => {
  fc.assert(
    fc.property(files, (paths) => {
      const root = volume();
      const kept = paths.filter((path) => !/(^|\/)(_uploads|lost\+found)(\/|$)/.test(path));
      for (const path of kept) {
        const full = join(root, registryTree, path);
        mkdirSync(dirname(full), { recursive: true });
        writeFileSync(full, path);
      }
      if (kept.length === 0) return;
      expect(walked(root)).toEqual({ names: [...kept].sort(byBytes).map(fromText), problems: [] });
    }),
    { numRuns: 60 },
  );
});

test("uploads under way and lost+found are passed by at any depth, and only they", () => {
  const root = volume();
  const paths = [
    "repositories/a/_uploads/1/data",
    "lost+found/x",
    "repositories/lost+found/y",
    "repositories/_uploadsx/z",
  ];
  for (const path of paths) {
    const full = join(root, registryTree, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, "");
  }
  expect(walked(root)).toEqual({ names: ["repositories/_uploadsx/z"], problems: [] });
});

test("a registry's own shape is walked whole, hostile repositories beside it", () => {
  const root = volume();
  const tree = new RegistryTree(root);
  smallTree(tree, 300);
  for (const segment of hostileSegments) tree.write(`${registryTree}repositories/${segment}/link`, "x");
  const { names, problems } = walked(root);
  expect(problems).toEqual([]);
  expect(names).toHaveLength(tree.files);
  expect(names).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)));
});

test("what is not as the format has it is read all the same", () => {
  const [one, other] = ["1".repeat(64), "2".repeat(64)];
  const odd = [
    `_layers/sha256/${one}/link`,
    `_layers/sha512/${other}${other}/link`,
    `_layers/sha512/${one}${one}/link`,
    `_layers/sha1/${one}/link`,
    `_layers/note`,
    `_manifests/revisions/sha256/${one}/link`,
    `_manifests/revisions/sha256/${one}/signatures/sha256/${other}/link`,
    `_manifests/revisions/sha512/${one}${one}/link`,
    `_manifests/revisions/tarsum/x/${one}/link`,
    `_manifests/tags/a/current/link`,
    `_manifests/tags/a/index/sha256/${one}/link`,
    `_manifests/tags/a/index/sha512/${one}${one}/link`,
    `_manifests/tags/b/current/link`,
    `_manifests/tags/b/index/sha512/${one}${one}/link`,
    `_manifests/tags/c/index/sha256/${other}/link`,
    `_manifests/tags/d/current/link`,
    `_manifests/tags/d/index/sha256/${one}/link`,
    `_manifests/tags/d/extra/link`,
    `_manifests/tags/e/current/other/link`,
    `_manifests/tags/f`,
  ];
  fc.assert(
    fc.property(fc.subarray(odd, { minLength: 1 }), (paths) => {
      const root = volume();
      const names = paths.map((path) => `repositories/app/${path}`);
      for (const name of names) {
        const full = join(root, registryTree, name);
        mkdirSync(dirname(full), { recursive: true });
        writeFileSync(full, "");
      }
      const { names: found, problems } = walked(root);
      expect(problems).toEqual([]);
      expect(found).toEqual([...found].sort(byBytes));
      // Files beside what the format has in a folder may be passed over: nobody reads them.
      const beside = (name: string) => name.endsWith("/note");
      expect(found.filter((name) => !beside(name))).toEqual(
        names.filter((name) => !beside(name)).sort(byBytes),
      );
    }),
    { numRuns: 300 },
  );
});
