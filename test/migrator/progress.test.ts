import type { MoverEvent } from "../../migrator/contract";
import { EventLog, Progress } from "../../migrator/events";

let at = 0;
let events: MoverEvent[] = [];
let progress: Progress;
beforeEach(() => {
  at = 0;
  events = [];
  const log = new EventLog(
    (event) => void events.push(event),
    () => at * 1000,
  );
  progress = new Progress(log, () => at);
});
const MiB = 1024 ** 2;
/** The progress line after that many seconds more; undefined: none was due. */
function line(seconds: number) {
  at += seconds;
  const before = events.length;
  progress.tick();
  const event = events[before];
  return event?.event === "progress" ? event : undefined;
}

test("lines come at most every two seconds, and a part is told once the whole is known, never all of it", () => {
  expect(line(1.9)).toBeUndefined();
  progress.expected({ objects: 1, bytes: MiB }, true);
  progress.settled(MiB);
  expect(line(0.1)).toMatchObject({ percent: 0, total: { objects: 1, bytes: MiB } });
  progress.expected({ objects: 4, bytes: 4 * MiB });
  progress.settled(MiB);
  progress.transferred(MiB);
  expect(line(2)).toMatchObject({ percent: 49, rate: MiB / 2, left: 4 });
  progress.scanned({ objects: 2, bytes: 2 * MiB });
  expect(line(2)).toMatchObject({ percent: 99, left: 0 });
});

test("the totals are told once, when they were counted", () => {
  progress.scanned({ objects: 2, bytes: 3 });
  progress.scanned({ objects: 9, bytes: 9 });
  progress.expected({ objects: 9, bytes: 9 });
  expect(events).toMatchObject([{ event: "scan", objects: 2, bytes: 3, done: true }]);
});

test("an empty container promises nothing", () => {
  progress.expected({ objects: 0, bytes: 0 });
  expect(line(2)).toMatchObject({ percent: 0 });
  expect(line(2)).not.toHaveProperty("left");
});
