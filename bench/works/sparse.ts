import { cachedTree, type TreeName } from "../../test/migrator/trees/cache";
import { mover } from "../clients";
import type { Cost } from "../measure";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { proven, type Stage } from "./stage";

/** 20 GiB in one blob, and in eighty: to a stand-in that hashes and forgets, because no lab holds that. */
export async function sparse(stage: Stage): Promise<Row[]> {
  const costs: Partial<Record<TreeName, Cost>> = {};
  for (const name of ["sparse-many", "sparse-one"] as const) {
    const tree = cachedTree(name);
    const standin = await startStandin();
    try {
      const cost = await stage.run(
        `20 GiB, ${name}`,
        "mover (finish)",
        mover(standin.cloud, { mode: "finish", root: tree.root, container }),
      );
      proven(cost);
      costs[name] = cost;
    } finally {
      standin.stop();
    }
  }
  const [many, one] = [costs["sparse-many"], costs["sparse-one"]];
  if (many === undefined || one === undefined) throw new Error("nothing was measured");
  const mb = 1_000_000;
  return [
    row("one 20 GiB blob: wall", "s", one.wall, many.wall, "mover, the same bytes in 80 blobs", 1.05),
    row(
      "one 20 GiB blob: peak RSS",
      "MB",
      one.memory / mb,
      many.memory / mb,
      "mover, the same bytes in 80 blobs",
      1.1,
    ),
  ];
}
