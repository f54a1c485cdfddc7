/** 4 GiB in 40 blobs: copied, unchanged, and read again. */
import { join, resolve } from "node:path";
import { typescript } from "../../scripts/node";
import { cachedTree } from "../../test/migrator/trees/cache";
import { best, row, type Row } from "../rows";
import { clientsOn, proven, type Stage } from "./stage";

export async function large(stage: Stage): Promise<Row[]> {
  const tree = cachedTree("large");
  const clients = await clientsOn(stage, "large", tree.root);
  const { containers } = clients;
  const first = await clients.mover("first pass");
  proven(first);
  const again = await clients.mover("nothing changed");
  proven(again);
  const full = await clients.mover("verify: full", { verify: "full" });
  proven(full);
  const hash = await stage.run("large, sha256 and MD5 alone", "node", {
    command: process.execPath,
    args: [...typescript, resolve("bench/hash-only.ts"), join(tree.root, "docker")],
    cwd: resolve("."),
  });
  // Objects lie on a tmpfs, and the tree has 4 GiB: one copy at a time.
  await stage.account.wipe(containers.ours);

  const rcloneFirst = await clients.rclone("first pass", "copy");
  const size = await clients.rclone("nothing changed", "sync", "--fast-list", "--size-only");
  await stage.account.wipe(containers.rclone);

  const swiftFirst = await clients.upload("first pass");
  const skip = await clients.upload("nothing changed", "--skip-identical");
  await stage.account.wipe(containers.upload);
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
