/** Makes the preload of volume.ts: one file of JavaScript, because what transpiles would count among the mover's memory. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { registryTree } from "../../migrator/volume/layout";
import { scratchFolder } from "../../test/migrator/support/mover";
import type { Shape } from "./shape";
import { variables } from "./volume";

export interface Generated {
  /** What the mover's setting `root` is. */
  readonly root: string;
  /** For the mover's process. */
  readonly env: Readonly<Record<string, string>>;
}

/** A volume that holds a generated registry, for one process of the mover. */
export function generatedVolume(shape: Shape): Generated {
  const root = scratchFolder("generated-");
  const preload = join(root, "preload.js");
  buildSync({
    entryPoints: [resolve("bench/generated/volume.ts")],
    outfile: preload,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    logLevel: "silent",
  });
  const tree = join(root, registryTree);
  // The mover looks whether the tree is there before it walks.
  mkdirSync(tree, { recursive: true });
  return {
    root,
    env: { NODE_OPTIONS: `-r ${preload}`, [variables.tree]: tree, [variables.shape]: shape },
  };
}
