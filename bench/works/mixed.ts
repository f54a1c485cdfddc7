/** 1,000 images, most files small and most bytes in a few: copied, unchanged, and brought back. */
import { cachedTree } from "../../test/migrator/trees/cache";
import { scratchFolder } from "../../test/migrator/support/mover";
import { mover, rcloneBack } from "../clients";
import { best, row, type Row } from "../rows";
import { clientsOn, expectFiles, finished, proven, type Stage } from "./stage";

export async function mixed(stage: Stage): Promise<Row[]> {
  const { cloud } = stage;
  const tree = cachedTree("mixed");
  const clients = await clientsOn(stage, "mixed", tree.root);
  const { ours } = clients.containers;
  const first = await clients.mover("first pass");
  proven(first);
  const rcloneFirst = await clients.rclone("first pass", "copy");
  const swiftFirst = await clients.upload("first pass");
  const least = (what: "cpu" | "wall") =>
    best([
      { who: "rclone copy", value: rcloneFirst[what] },
      { who: "swift upload", value: swiftFirst[what] },
    ]);
  const [cpu, wall] = [least("cpu"), least("wall")];

  const again = await clients.mover("nothing changed");
  proven(again);
  const size = await clients.rclone("nothing changed", "sync", "--fast-list", "--size-only");

  // The same container for both, so that what is listed and read is the same.
  const [ourTarget, theirTarget] = [scratchFolder("back-"), scratchFolder("back-rclone-")];
  const back = await stage.run(
    "mixed, back to a volume",
    "mover (back)",
    mover(cloud, { mode: "back", root: ourTarget, container: ours }),
  );
  finished(back);
  const rcloneCopy = await stage.run(
    "mixed, back to a volume",
    "rclone copy",
    rcloneBack(cloud, ours, theirTarget),
  );
  for (const target of [ourTarget, theirTarget]) expectFiles(target, tree.files);
  return [
    row("mixed, first pass: client CPU with sha256 and MD5", "s", first.cpu, cpu.value, cpu.who, 0.5),
    row("mixed, first pass: wall", "s", first.wall, wall.value, wall.who, 1),
    row("mixed, nothing changed: wall", "s", again.wall, size.wall, "rclone --fast-list --size-only", 1),
    row("mixed, back: client CPU with sha256", "s", back.cpu, rcloneCopy.cpu, "rclone copy (no sha256)", 1),
    row(
      "mixed, back: wall, all of it on the disk",
      "s",
      back.wall,
      rcloneCopy.wall,
      "rclone copy (not synced)",
      1,
    ),
  ];
}
