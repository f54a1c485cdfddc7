/**
 * Trees by name, made once and kept in the user's cache: not in the project, whose folders Pulumi walks through, all of
 * them, at each preview (a million links took it over a minute).
 */
import { hash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { hostileTree, largeTree, mixedTree, smallTree } from "./kinds";
import { RegistryTree, type Image } from "./registry";

/** Part of every cached tree's name: a change of a generator makes new trees. */
const version = 1;
const gib = 1_073_741_824;

const kinds = {
  small: (tree: RegistryTree) => smallTree(tree, 20_000),
  large: (tree: RegistryTree) => largeTree(tree, 4 * gib, 40),
  mixed: (tree: RegistryTree) => mixedTree(tree, 1000),
  hostile: hostileTree,
  "hundred-thousand": (tree: RegistryTree) => smallTree(tree, 100_000),
  million: (tree: RegistryTree) => smallTree(tree, 1_000_000),
  /** One blob of 20 GiB, sparse. */
  "sparse-one": (tree: RegistryTree) => [tree.image("sparse/one", "latest", [tree.sparseBlob(20 * gib)])],
  /** The same bytes in 80 blobs; their sizes differ by a byte each, so that their names do. */
  "sparse-many": (tree: RegistryTree) => [
    tree.image(
      "sparse/many",
      "latest",
      Array.from({ length: 80 }, (_, n) => tree.sparseBlob(gib / 4 - 40 + n)),
    ),
  ],
} as const;
export type TreeName = keyof typeof kinds;

/** Trees whose listing a stand-in serves: their names, sizes and MD5 are kept in a file, one line each. */
const indexed: ReadonlySet<TreeName> = new Set(["hundred-thousand", "million"]);

const treesFolder = () =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "image-registry-swift/trees");

export interface CachedTree {
  /** What the mover's setting `root` is. */
  readonly root: string;
  readonly files: number;
  readonly images: readonly Image[];
  /** Of the trees that are listed by a stand-in: lines of `path TAB size TAB md5`, in no order. */
  readonly index: string;
}

/** The tree of that name, made if it is not there yet. Others read the same folder: copy it before changing it. */
export function cachedTree(name: TreeName, folder = treesFolder()): CachedTree {
  const home = join(folder, `${name}-v${version}`);
  const index = join(home, "tree.json");
  if (!existsSync(index)) {
    const partial = `${home}.partial-${process.pid}`;
    rmSync(partial, { recursive: true, force: true });
    const root = join(partial, "volume");
    mkdirSync(root, { recursive: true });
    const lines = indexed.has(name) ? openSync(join(partial, "index.tsv"), "w") : undefined;
    let buffered = "";
    const tree = new RegistryTree(root, (path, content) => {
      if (lines === undefined) return;
      buffered += `${path}\t${Buffer.byteLength(content)}\t${hash("md5", content)}\n`;
      if (buffered.length < 1_000_000) return;
      writeSync(lines, buffered);
      buffered = "";
    });
    const images = kinds[name](tree);
    if (lines !== undefined) writeSync(lines, buffered);
    writeFileSync(
      join(partial, "tree.json"),
      JSON.stringify({ files: tree.files, images: lines === undefined ? images : [] }),
    );
    rmSync(home, { recursive: true, force: true });
    renameSync(partial, home);
  }
  const { files, images } = JSON.parse(readFileSync(index, "utf8")) as Omit<CachedTree, "root">;
  return { root: join(home, "volume"), files, images, index: join(home, "index.tsv") };
}
