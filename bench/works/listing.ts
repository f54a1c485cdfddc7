import { cachedTree, type TreeName } from "../../test/migrator/trees/cache";
import { find, mover } from "../clients";
import { measure, type Cost } from "../measure";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { proven, type Stage } from "./stage";

/** A million names that have not changed, against a listing that costs Swift nothing. */
export async function listing(stage: Stage): Promise<Row[]> {
  const costs: Partial<Record<TreeName, Cost & { readonly objects: number }>> = {};
  for (const name of ["hundred-thousand", "million"] as const) {
    const tree = cachedTree(name);
    const standin = await startStandin(tree.index);
    try {
      const command = mover(standin.cloud, { mode: "finish", root: tree.root, container });
      // Once to bring the folders into memory: what a disk takes to find them says nothing of the client.
      proven(await measure(command));
      const cost = await stage.run(`${name}, nothing changed`, "mover (finish)", command);
      const report = proven(cost);
      if (report.copied.objects !== 0) throw new Error("something was copied");
      costs[name] = { ...cost, objects: tree.files };
    } finally {
      standin.stop();
    }
  }
  const walk = await stage.run("million, sizes of all files", "find", find(cachedTree("million").root));
  const [less, more] = [costs["hundred-thousand"], costs.million];
  if (less === undefined || more === undefined) throw new Error("nothing was measured");
  const mb = 1_000_000;
  return [
    row("1,000,000 objects, nothing changed: peak RSS", "MB", more.memory / mb, 150, "limit", 1),
    row(
      "1,000,000 objects: peak RSS beside 100,000",
      "MB",
      more.memory / mb,
      less.memory / mb,
      "mover, 100,000 objects",
      1.1,
    ),
    row(
      "1,000,000 objects, nothing changed: client CPU an object",
      "us",
      (more.cpu / more.objects) * 1e6,
      (walk.cpu / more.objects) * 1e6,
      "find -size (walks, compares nothing)",
      0.8,
    ),
  ];
}
