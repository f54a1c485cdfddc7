import { cachedTree, type TreeName } from "../../test/migrator/trees/cache";
import { find, mover } from "../clients";
import { measure, type Cost } from "../measure";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { finished, proven, type Stage } from "./stage";

interface Measured {
  readonly objects: number;
  /** A live copy: it believes the listing. */
  readonly copy: Cost;
  /** A final copy: it asks for every blob by name. */
  readonly finish: Cost;
}

/** A million names that have not changed, against a listing that costs Swift nothing. */
export async function listing(stage: Stage): Promise<Row[]> {
  const less = await unchanged(stage, "hundred-thousand");
  const more = await unchanged(stage, "million");
  const walk = await stage.run("million, sizes of all files", "find", find(cachedTree("million").root));
  const mb = 1_000_000;
  const each = (cost: Cost): number => (cost.cpu / more.objects) * 1e6;
  const sizes = "find -size (walks, compares nothing)";
  return [
    row("1,000,000 objects, nothing changed: peak RSS", "MB", more.finish.memory / mb, 150, "limit", 1),
    row(
      "1,000,000 objects: peak RSS beside 100,000",
      "MB",
      more.finish.memory / mb,
      less.finish.memory / mb,
      "mover, 100,000 objects",
      1.1,
    ),
    row(
      "1,000,000 objects, nothing changed: client CPU an object",
      "us",
      each(more.copy),
      each(walk),
      sizes,
      0.8,
    ),
  ];
}

async function unchanged(stage: Stage, name: TreeName & ("hundred-thousand" | "million")): Promise<Measured> {
  const tree = cachedTree(name);
  const { cloud, stop } = await startStandin(tree.index);
  const run = async (mode: "copy" | "finish"): Promise<Cost> => {
    const command = mover(cloud, { mode, root: tree.root, container });
    // Once to bring the folders into memory: what a disk takes to find them says nothing of the client.
    if (mode === "copy") finished(await measure(command));
    const cost = await stage.run(`${name}, nothing changed`, `mover (${mode})`, command);
    const report = mode === "finish" ? proven(cost) : finished(cost);
    if (report.copied.objects !== 0) throw new Error("something was copied");
    return cost;
  };
  try {
    return { objects: tree.files, copy: await run("copy"), finish: await run("finish") };
  } finally {
    stop();
  }
}
