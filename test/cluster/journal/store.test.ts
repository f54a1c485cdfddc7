import type { Journal, Previous } from "../../../cluster/journal/journal";
import {
  journalOf,
  mayRecordPrevious,
  readJournal,
  TakenOver,
  takeRun,
} from "../../../cluster/journal/store";
import { paths } from "../../../cluster/api/paths";
import { FakeApi } from "../support/fake-api";

const run = (token: string, stack = "o/p/dev") => ({
  token,
  stack,
  host: "h",
  since: "2026-01-01T00:00:00Z",
});
const previous = { claim: { name: "c", uid: "u" } } as Previous;
const journal = (changes: Partial<Journal> = {}): Journal => ({
  version: 1,
  phase: "started",
  phaseSince: "2026-01-01T00:00:00Z",
  ...changes,
});

test("taking the run makes the journal, and fences whoever had it", async () => {
  const api = new FakeApi();
  await takeRun(api, run("t1"));
  const first = journalOf(api, "t1");
  await first.update((each) => ({ ...each, phase: "copying" }));
  await takeRun(api, run("t2", "o/p/other"));
  await expect(first.assertRun()).rejects.toThrow(TakenOver);
  await expect(first.update((each) => each)).rejects.toThrow(
    "another run took over (stack o/p/other, host h",
  );
  expect(await journalOf(api, "t2").assertRun()).toMatchObject({ phase: "copying", run: { token: "t2" } });
});

test("who takes the run holds the seal that is there, with its witness", async () => {
  const api = new FakeApi();
  await takeRun(api, run("t1"));
  const witness = { deploymentUid: "d", revision: 2 };
  await journalOf(api, "t1").update((each) => ({ ...each, seal: { stack: "o/p/dev", since: "s", witness } }));
  await takeRun(api, run("t2", "o/p/other"));
  expect((await readJournal(api))?.seal).toEqual({ stack: "o/p/other", since: "s", witness });
});

test("a conflict is read and decided anew, so no change is lost", async () => {
  const api = new FakeApi();
  await takeRun(api, run("t1"));
  const mine = journalOf(api, "t1");
  const keys = ["live", "final", "back"];
  await Promise.all(
    keys.map((key) => mine.update((each) => ({ ...each, attempts: { ...each.attempts, [key]: 1 } }))),
  );
  expect((await mine.assertRun()).attempts).toEqual({ live: 1, final: 1, back: 1 });
});

test("two runs that begin at once: one makes the journal, the last one has it", async () => {
  const api = new FakeApi();
  await Promise.all([takeRun(api, run("t1")), takeRun(api, run("t2"))]);
  expect((await readJournal(api))?.run?.token).toMatch(/t[12]/);
});

test("a change of nothing is no write", async () => {
  const api = new FakeApi();
  await takeRun(api, run("t1"));
  const writes = api.writes.length;
  await journalOf(api, "t1").update((each) => each);
  expect(api.writes.length).toBe(writes);
});

test.each([
  ["no key", {}, /has no key journal.json/],
  ["no JSON", { "journal.json": "{" }, /is not JSON/],
  ["another version", { "journal.json": '{"version":2}' }, /has version 2, this program knows version 1/],
])("a journal that cannot be read is an error, never an empty one: %s", async (_what, data, words) => {
  const api = new FakeApi();
  api.put(paths.journal, { data });
  await expect(readJournal(api)).rejects.toThrow(words);
});

describe("invariant 7: what was there before is recorded only while nothing of ours is in effect", () => {
  test.each([
    ["at the beginning", journal(), false, true],
    [
      "again before a migration that begins after an abort",
      journal({ phase: "aborted", previous }),
      false,
      true,
    ],
    ["not while we hold the seal", journal({ seal: { stack: "s", since: "t" } }), false, false],
    ["not while the pruner is paused by us", journal({ prunerPaused: true }), false, false],
    ["not on Swift", journal(), true, false],
    ["not after the switch", journal({ phase: "switched", previous }), true, false],
    [
      "again when somebody put the registry on a volume by hand after a switch",
      journal({ phase: "switched", previous }),
      false,
      true,
    ],
    ["not between sealing and the end", journal({ phase: "proven", previous }), false, false],
  ])("%s", (_when, given, onSwift, may) => {
    expect(mayRecordPrevious(given, onSwift)).toBe(may);
  });
});
