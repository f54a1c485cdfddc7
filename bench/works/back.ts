/** 20,000 small files brought back from a stand-in that answers at once: what the mover and the volume can take. */
import { cachedTree } from "../../test/migrator/trees/cache";
import { scratchFolder } from "../../test/migrator/support/mover";
import { mover, rcloneBack } from "../clients";
import { measure } from "../measure";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { expectFiles, finished, proven, type Stage } from "./stage";

/** Files a second that the way back is to bring, each of them synced before the first tag. */
const wanted = 5000;

export async function back(stage: Stage): Promise<Row[]> {
  const { root, files } = cachedTree("small");
  const { cloud, stop } = await startStandin();
  try {
    proven(await measure(mover(cloud, { mode: "finish", root, container })));
    const [ourTarget, theirTarget] = [scratchFolder("back-"), scratchFolder("back-rclone-")];
    const what = "small, back to a volume";
    const command = mover(cloud, { mode: "back", root: ourTarget, container });
    const ours = await stage.run(what, "mover (back)", command);
    finished(ours);
    const theirs = await stage.run(what, "rclone copy", rcloneBack(cloud, container, theirTarget));
    for (const target of [ourTarget, theirTarget]) expectFiles(target, files);
    return [
      row(`${what}: client CPU with sha256`, "s", ours.cpu, theirs.cpu, "rclone copy (no sha256)", 1),
      row(`${what}: wall, all of it synced`, "s", ours.wall, theirs.wall, "rclone copy (not synced)", 1),
      row(`${what}: wall of ${wanted} files`, "s", (ours.wall * wanted) / files, 1, "one second", 1),
    ];
  } finally {
    stop();
  }
}
