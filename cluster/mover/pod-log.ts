/** A migration Pod's log: followed line by line, or its last lines. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "../api/api";
import { paths } from "../api/paths";
import { parseEvent, type ProgressTeller, progressInWords } from "./progress";

/** A log that fails never fails the wait, and the server's raw answer is never shown. */
export async function lastLines(api: Api, name: string): Promise<readonly string[]> {
  const text = await api.text(paths.podLog(name), { tailLines: "10" }).catch(() => undefined);
  return (text ?? "").split("\n").filter((line) => line.trim() !== "" && !line.startsWith('{"event"'));
}

/** How far it is, in words; undefined where its log does not say. */
export async function lastProgress(api: Api, name: string, drawn = false): Promise<string | undefined> {
  const last = await lastProgressEvent(api, name);
  return last === undefined ? undefined : progressInWords(last, drawn);
}

export async function lastProgressEvent(api: Api, name: string) {
  const text = await api.text(paths.podLog(name), { tailLines: "50" }).catch(() => undefined);
  const events = (text ?? "").split("\n").map(parseEvent);
  return events.findLast((event) => event?.event === "progress");
}

/** Milliseconds until a log that broke off is read again. */
const pauseMilliseconds = 1000;

/**
 * How far a log was read. `sinceTime` has whole seconds, so each reading begins with lines that were already told. A
 * runtime may give all lines of one read the same time (CRI-O), so the time alone does not tell them apart. Therefore
 * the lines of the last time are counted.
 */
export class LogPlace {
  private last = "";
  private told = 0;
  private current = "";
  private seen = 0;

  /** The next line is the first of a reading. */
  beginReading(): void {
    this.current = "";
    this.seen = 0;
  }

  /** Whether a line of that time (RFC 3339) is new; from here on it counts as told. */
  isNew(time: string): boolean {
    const at = sortable(time);
    this.seen = at === this.current ? this.seen + 1 : 1;
    this.current = at;
    if (at < this.last || (at === this.last && this.seen <= this.told)) {
      return false;
    }
    this.last = at;
    this.told = this.seen;
    return true;
  }
}

/** A time that sorts as text: runtimes leave out trailing zeros, and may write another time zone. */
function sortable(time: string): string {
  const [, whole = "", fraction = "", zone = ""] =
    /^([^.Z+]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const seconds = Date.parse(whole + zone) / 1000;
  return Number.isNaN(seconds) ? time : `${seconds.toString().padStart(12, "0")}.${fraction.padEnd(9, "0")}`;
}

/** The Pod's log, line by line, taken up again after a break without repeating what was told. */
export function logStream(api: Api, name: string, teller: ProgressTeller) {
  const abort = new AbortController();
  let running: Promise<void> | undefined;
  let lastTime = "";
  const place = new LogPlace();
  const read = async (follow: boolean, signal: AbortSignal) => {
    const query = {
      timestamps: "true",
      ...(follow ? { follow: "true" } : {}),
      ...(lastTime === "" ? {} : { sinceTime: lastTime }),
    };
    place.beginReading();
    for await (const line of api.lines(paths.podLog(name), query, signal)) {
      const space = line.indexOf(" ");
      const time = line.slice(0, space);
      if (place.isNew(time)) {
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
