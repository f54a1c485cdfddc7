import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostileTree, largeTree, mixedTree, smallTree } from "./kinds";
import { longestName, pathOfLength } from "./names";
import { blobPath, RegistryTree, tagPath, type Image } from "./registry";

const made: string[] = [];
function grow(kind: (tree: RegistryTree) => Image[]): { root: string; images: Image[]; files: string[] } {
  const root = mkdtempSync(join(tmpdir(), "tree-"));
  made.push(root);
  const images = kind(new RegistryTree(root));
  const files = execFileSync("find", [root, "-type", "f", "-printf", "%P %s\\0"], { encoding: "utf8" })
    .split("\0")
    .filter((line) => line !== "");
  return { root, images, files: files.sort() };
}
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true })));

test("the same seed gives the same tree", () => {
  const kind = (tree: RegistryTree) => smallTree(tree, 500);
  expect(grow(kind).files).toEqual(grow(kind).files);
});

test("a small tree is mostly links of 71 bytes", () => {
  const { files } = grow((tree) => smallTree(tree, 2000));
  const links = files.filter((line) => line.endsWith("/link 71"));
  expect(files.length).toBeGreaterThanOrEqual(2000);
  expect(links.length / files.length).toBeGreaterThan(0.6);
});

test.each([
  ["large", (tree: RegistryTree) => largeTree(tree, 3_000_000, 4)],
  ["mixed", (tree: RegistryTree) => mixedTree(tree, 20, 20_000)],
  ["sparse", (tree: RegistryTree) => [tree.image("s", "t", [tree.sparseBlob(10_000_001)])]],
])("every blob of a %s tree is named by its content, every tag by its manifest", (_, kind) => {
  const { root, images } = grow(kind);
  for (const { repository, tag, manifest, config, layers } of images) {
    for (const blob of [manifest, config, ...layers]) {
      const content = readFileSync(join(root, blobPath(blob.hex)));
      expect(createHash("sha256").update(content).digest("hex")).toBe(blob.hex);
      expect(content.length).toBe(blob.size);
    }
    expect(readFileSync(join(root, tagPath(repository, tag)), "utf8")).toBe(`sha256:${manifest.hex}`);
  }
});

test("the hostile tree exists on this file system, the longest name included", () => {
  const { root, images } = grow(hostileTree);
  for (const { repository, tag } of images)
    expect(statSync(join(root, tagPath(repository, tag))).size).toBe(71);
  expect(Buffer.byteLength(pathOfLength("files", longestName))).toBe(longestName);
});
