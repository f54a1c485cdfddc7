import { failureInShort, historyAtMost, withEntries } from "../../../cluster/journal/history";
import type { Happening, Journal } from "../../../cluster/journal/journal";
import { journalOf, takeRun } from "../../../cluster/journal/store";
import { FakeApi } from "../support/fake-api";

const run = (token: string, host: string) => ({ token, stack: "o/p/dev", host, since: `since ${token}` });
const empty: Journal = { version: 1, phase: "started", phaseSince: "s" };
const step = (name: string): Happening => ({ at: "t", step: name, seconds: 1 });

test("each run, with where it began, and each change of phase is kept, whoever changes the journal", async () => {
  const api = new FakeApi();
  await takeRun(api, run("t1", "here"));
  const journal = await journalOf(api, "t1").update((each) => ({
    ...each,
    phase: "copying",
    phaseSince: "then",
  }));
  expect(journal.history).toEqual([
    { at: "since t1", run: { stack: "o/p/dev", host: "here" } },
    { at: "since t1", phase: "started" },
    { at: "then", phase: "copying" },
  ]);
  expect((await takeRun(api, run("t2", "there"))).history?.at(-1)).toMatchObject({ run: { host: "there" } });
});

test("runs in which nothing happened leave one entry, that of the last", () => {
  const runs = ["a", "b"].map((host): Happening => ({ at: host, run: { stack: "s", host } }));
  expect(withEntries(empty, runs).history).toEqual([runs[1]]);
});

test("the history is bounded: the oldest entries go", () => {
  const many = Array.from({ length: historyAtMost + 5 }, (_, index) => step(String(index)));
  const { history } = withEntries({ ...empty, history: many.slice(0, 10) }, many.slice(10));
  expect(history).toHaveLength(historyAtMost);
  expect(history?.[0]).toEqual(step("5"));
});

test("of an error the first line is kept, cut", () => {
  expect(failureInShort(new Error("sealing: no\nlong story"))).toBe("sealing: no");
  expect(failureInShort("x".repeat(500))).toHaveLength(200);
});
