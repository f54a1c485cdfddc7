import { moverOnGenerated } from "../clients";
import type { Cost } from "../measure";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { finished, type Stage } from "./stage";

type Mode = "finish" | "verify" | "back";

const sizes = { less: 1_000_000, more: 10_000_000 } as const;
const mb = 1_000_000;

/**
 * A million and ten million names that have not changed, on a volume and in a container that are both generated. Each
 * mode is a work by itself, since it takes a quarter of an hour.
 */
export function tenMillion(mode: Mode): (stage: Stage) => Promise<Row[]> {
  return async (stage) => {
    const less = await unchanged(stage, mode, sizes.less);
    const more = await unchanged(stage, mode, sizes.more);
    return [
      row(`10,000,000 objects, ${mode}: peak RSS`, "MB", more.memory / mb, 150, "limit", 1),
      row(
        `10,000,000 objects, ${mode}: client CPU an object`,
        "us",
        (more.cpu / sizes.more) * 1e6,
        (less.cpu / sizes.less) * 1e6,
        "mover, 1,000,000 objects",
        1.1,
      ),
    ];
  };
}

async function unchanged(stage: Stage, mode: Mode, files: number): Promise<Cost> {
  const shape = `files:${files}` as const;
  const { cloud, stop } = await startStandin(shape);
  try {
    const command = moverOnGenerated(cloud, shape, { mode, container });
    const cost = await stage.run(
      `${files.toLocaleString("en")} generated, ${mode}`,
      `mover (${mode})`,
      command,
    );
    const { copied, proven } = finished(cost);
    if (copied.objects !== 0 || (mode !== "back" && !proven))
      throw new Error("volume and container differed");
    return cost;
  } finally {
    stop();
  }
}
