/** The puller's entry point in its Pod: reads the order, pulls, and leaves its result in log and termination message. */
import { readFileSync, writeFileSync } from "node:fs";
import type { PullerLine, PullOrder } from "./order";
import { pull } from "./puller";

/** Kubernetes takes this much of a termination message. */
const terminationBytes = 4096;

/** Entry point in the Pod: `node -e <this> <order file>`. Exits 0 when it ran to its end, whatever it found. */
export async function main(path: string): Promise<void> {
  const say = (line: PullerLine) => console.log(JSON.stringify(line));
  const { failures, ...result } = await pull(JSON.parse(readFileSync(path, "utf8")) as PullOrder, { say });
  const line: PullerLine = { event: "result", result, failures: failures.length };
  say(line);
  // Where the log cannot be read, this message is all there is: it has as many failures as there is room for.
  let text = JSON.stringify(line);
  for (const failure of failures) {
    const more = `${JSON.stringify({ event: "failure", failure })}\n${text}`;
    if (Buffer.byteLength(more) > terminationBytes) {
      break;
    }
    text = more;
  }
  try {
    writeFileSync("/dev/termination-log", text);
  } catch {
    // Outside a Pod there is no such file; the log says everything.
  }
}
