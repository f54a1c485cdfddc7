/** 4 GiB in 40 blobs: copied, unchanged, and read again. */
import { join, resolve } from "node:path";
import { typescript } from "../../scripts/node";
import { cachedTree } from "../../test/migrator/trees/cache";
import { mover, rclone, swiftUpload } from "../clients";
import { best, row, type Row } from "../rows";
import { proven, type Stage } from "./stage";

export async function large(stage: Stage): Promise<Row[]> {
  const tree = cachedTree("large");
  const { cloud } = stage;
  const ours = await stage.fresh("large-ours");
  const first = await stage.run(
    "large, first pass",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours }),
  );
  proven(first);
  const again = await stage.run(
    "large, nothing changed",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours }),
  );
  proven(again);
  const full = await stage.run(
    "large, verify: full",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours, verify: "full" }),
  );
  proven(full);
  const hash = await stage.run("large, sha256 and MD5 alone", "node", {
    command: process.execPath,
    args: [...typescript, resolve("bench/hash-only.ts"), join(tree.root, "docker")],
    cwd: resolve("."),
  });
  await stage.account.wipe(ours);

  const theirs = await stage.fresh("large-rclone");
  const rcloneFirst = await stage.run(
    "large, first pass",
    "rclone copy",
    rclone(cloud, "copy", tree.root, theirs),
  );
  const size = await stage.run(
    "large, nothing changed",
    "rclone sync --fast-list --size-only",
    rclone(cloud, "sync", tree.root, theirs, "--fast-list", "--size-only"),
  );
  await stage.account.wipe(theirs);

  const seeds = await stage.fresh("large-swift");
  const swiftFirst = await stage.run(
    "large, first pass",
    "swift upload",
    swiftUpload(cloud, tree.root, seeds),
  );
  const skip = await stage.run(
    "large, nothing changed",
    "swift upload --skip-identical",
    swiftUpload(cloud, tree.root, seeds, "--skip-identical"),
  );
  await stage.account.wipe(seeds);
  const cpu = best([
    { who: "rclone copy", value: rcloneFirst.cpu },
    { who: "swift upload", value: swiftFirst.cpu },
  ]);
  const still = best([
    { who: "rclone --fast-list --size-only", value: size.wall },
    { who: "swift upload --skip-identical", value: skip.wall },
  ]);
  return [
    row(
      "large, first pass: client CPU with sha256 and MD5",
      "s",
      first.cpu,
      cpu.value,
      `${cpu.who} (no sha256)`,
      0.75,
    ),
    row("large, nothing changed: wall", "s", again.wall, still.value, still.who, 1),
    row("large, verify: full: client CPU", "s", full.cpu, hash.cpu, "sha256 and MD5 alone", 0.75),
  ];
}
