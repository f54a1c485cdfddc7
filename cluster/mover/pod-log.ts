/** A migration Pod's log: followed line by line, or its last lines. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "../api/api";
import { paths } from "../api/paths";
import type { ProgressTeller } from "./progress";

/** A failing log never fails the wait, nor shows what the server answered raw. */
export async function lastLines(api: Api, name: string): Promise<readonly string[]> {
  const text = await api.text(paths.podLog(name), { tailLines: "10" }).catch(() => undefined);
  return (text ?? "").split("\n").filter((line) => line.trim() !== "" && !line.startsWith('{"event"'));
}

/** Until a log that broke off is read again. */
const pauseMilliseconds = 1000;

/** The Pod's log, line by line, taken up again after a break without repeating what was told. */
export function logStream(api: Api, name: string, teller: ProgressTeller) {
  const abort = new AbortController();
  let running: Promise<void> | undefined;
  let lastTime = "";
  const read = async (follow: boolean, signal: AbortSignal) => {
    const query = {
      timestamps: "true",
      ...(follow ? { follow: "true" } : {}),
      ...(lastTime === "" ? {} : { sinceTime: lastTime }),
    };
    for await (const line of api.lines(paths.podLog(name), query, signal)) {
      const space = line.indexOf(" ");
      const time = line.slice(0, space);
      // `sinceTime` has whole seconds: what came within that second is told apart by the full stamp.
      if (time > lastTime) {
        lastTime = time;
        teller.line(line.slice(space + 1));
      }
    }
  };
  const follow = async () => {
    while (!abort.signal.aborted) {
      await read(true, abort.signal).catch(() => undefined);
      await sleep(pauseMilliseconds, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  };
  return {
    start() {
      running ??= follow();
    },
    /** Reads what is left of a log that has ended: the report is in it. */
    async finish() {
      abort.abort();
      await running;
      await read(false, AbortSignal.timeout(15_000)).catch(() => undefined);
    },
    stop() {
      abort.abort();
    },
  };
}
