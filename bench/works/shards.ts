import { cachedTree } from "../../test/migrator/trees/cache";
import { mover } from "../clients";
import type { Cost } from "../measure";
import { row, type Row } from "../rows";
import type { Stage } from "./stage";

/**
 * 100,000 small files by one run, and in two and four shards at the same time, each followed by the run of the whole that
 * brings the tags. On one machine this shows what shards cost, not what they gain.
 */
export async function shards(stage: Stage): Promise<Row[]> {
  const { root } = cachedTree("hundred-thousand");
  const total = async (count: number): Promise<Pick<Cost, "cpu" | "wall">> => {
    const container = await stage.fresh(`shards-${count}`);
    const settings = { mode: "copy", root, container } as const;
    const parts =
      count === 1
        ? []
        : Array.from({ length: count }, (_, index) => ({ ...settings, shard: `${index}/${count}` }));
    const began = performance.now();
    const sharded = await Promise.all(
      parts.map((part) =>
        stage.run(`hundred-thousand, shard ${part.shard}`, "mover (copy)", mover(stage.cloud, part)),
      ),
    );
    const what =
      count === 1 ? "hundred-thousand, one run" : `hundred-thousand, the whole after ${count} shards`;
    const whole = await stage.run(what, "mover (copy)", mover(stage.cloud, settings));
    return {
      cpu: sharded.reduce((sum, { cpu }) => sum + cpu, whole.cpu),
      wall: (performance.now() - began) / 1000,
    };
  };
  const one = await total(1);
  const two = await total(2);
  const four = await total(4);
  return [
    row("100,000 objects in 2 shards: client CPU of all", "s", two.cpu, one.cpu, "mover, one run", 1.1),
    row("100,000 objects in 4 shards: client CPU of all", "s", four.cpu, one.cpu, "mover, one run", 1.1),
    row("100,000 objects in 4 shards: wall, on two CPUs", "s", four.wall, one.wall, "mover, one run", 1.1),
  ];
}
