import { moverOnGenerated } from "../clients";
import { row, type Row } from "../rows";
import { container, startStandin } from "../standin";
import { proven, type Stage } from "./stage";

const shape = "links:1000000";
/** Of the Pod, by default (`resources`). */
const memoryLimit = 1024 ** 3;

/** A million links in one folder, which has to be read at once to be in order. */
export async function folder(stage: Stage): Promise<Row[]> {
  const { cloud, stop } = await startStandin(shape);
  try {
    const command = moverOnGenerated(cloud, shape, { mode: "finish", container });
    const cost = await stage.run("1,000,000 links in one folder", "mover (finish)", command);
    proven(cost);
    const mb = 1_000_000;
    return [
      row(
        "1,000,000 links in one folder: peak RSS",
        "MB",
        cost.memory / mb,
        memoryLimit / mb,
        "the Pod's limit",
        0.5,
      ),
    ];
  } finally {
    stop();
  }
}
