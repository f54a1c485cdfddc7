/** 20,000 small files: copied, unchanged, and one tag moved. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cachedTree, type CachedTree } from "../../test/migrator/trees/cache";
import { tagPath } from "../../test/migrator/trees/registry";
import { row, type Row } from "../rows";
import { type Clients, clientsOn, proven, type Stage } from "./stage";

export async function small(stage: Stage): Promise<Row[]> {
  const tree = cachedTree("small");
  const clients = await clientsOn(stage, "small", tree.root);
  const first = await clients.mover("first pass");
  proven(first);
  // `swift upload` takes three times the CPU for small files (102 s beside 35 s): it is no peer here.
  const theirs = await clients.rclone("first pass", "copy");

  const again = await clients.mover("nothing changed");
  const untouched = proven(again);
  if (untouched.copied.objects !== 0) throw new Error("the second run copied something");
  const size = await clients.rclone("nothing changed", "sync", "--fast-list", "--size-only");
  const checksum = await clients.rclone("nothing changed", "sync", "--fast-list", "--checksum");
  const missed = await movedTag(stage, tree, clients);
  return [
    row("small, first pass: client CPU", "s", first.cpu, theirs.cpu, "rclone copy", 0.3),
    row("small, first pass: wall (as many PUT/s)", "s", first.wall, theirs.wall, "rclone copy", 1),
    row("small, nothing changed: wall", "s", again.wall, size.wall, "rclone --fast-list --size-only", 0.5),
    row(
      "small, nothing changed: client CPU",
      "s",
      again.cpu,
      size.cpu,
      "rclone --fast-list --size-only",
      0.5,
    ),
    row(
      "small, nothing changed: wall, moved tags found",
      "s",
      again.wall,
      checksum.wall,
      "rclone --fast-list --checksum",
      0.5,
    ),
    row(
      "small: moved tags missed",
      "tags",
      missed.ours,
      Math.max(1, missed.rclone),
      "rclone --fast-list --size-only",
      0,
    ),
  ];
}

/** Moves one tag (same size, other content) and looks whether each client's second run found it. */
async function movedTag(
  stage: Stage,
  tree: CachedTree,
  clients: Clients,
): Promise<{ ours: number; rclone: number }> {
  const [from, to] = [tree.images[0], tree.images[1]];
  if (from === undefined || to === undefined) throw new Error("the tree has no images");
  const path = tagPath(from.repository, from.tag);
  const link = join(tree.root, path);
  const moved = `sha256:${to.manifest.hex}`;
  const before = readFileSync(link);
  writeFileSync(link, moved);
  try {
    proven(await clients.mover("one tag moved"));
    await clients.rclone("one tag moved", "sync", "--fast-list", "--size-only");
  } finally {
    // The tree is shared with every later run.
    writeFileSync(link, before);
  }
  const stale = async (container: string) => {
    const { body } = await stage.account.send("GET", `/${container}/files/${path}`);
    return body.toString() === moved ? 0 : 1;
  };
  const missed = {
    ours: await stale(clients.containers.ours),
    rclone: await stale(clients.containers.rclone),
  };
  stage.say(`one tag moved; missed by the mover: ${missed.ours}, by rclone --size-only: ${missed.rclone}`);
  return missed;
}
