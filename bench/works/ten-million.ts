import { moverOnGenerated } from "../clients";
import type { Cost } from "../measure";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { finished, type Stage } from "./stage";

const sizes = { less: 1_000_000, more: 10_000_000 } as const;
const modes = ["finish", "verify", "back"] as const;
const mb = 1_000_000;

/** A million and ten million names that have not changed, on a volume and in a container that are both generated. */
export async function tenMillion(stage: Stage): Promise<Row[]> {
  const costs = { less: await measured(stage, sizes.less), more: await measured(stage, sizes.more) };
  return modes.flatMap((mode) => {
    const [less, more] = [costs.less[mode], costs.more[mode]];
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
  });
}

async function measured(stage: Stage, files: number): Promise<Record<(typeof modes)[number], Cost>> {
  const { cloud, stop } = await startStandin(`files:${files}`);
  const run = async (mode: (typeof modes)[number]): Promise<Cost> => {
    const command = moverOnGenerated(cloud, `files:${files}`, { mode, container });
    const cost = await stage.run(
      `${files.toLocaleString("en")} generated, ${mode}`,
      `mover (${mode})`,
      command,
    );
    const { copied, proven } = finished(cost);
    if (copied.objects !== 0 || (mode !== "back" && !proven))
      throw new Error("volume and container differed");
    return cost;
  };
  try {
    return { finish: await run("finish"), verify: await run("verify"), back: await run("back") };
  } finally {
    stop();
  }
}
