import { ApiError } from "../../../cluster/api/api";
import { type Found, type Turn, Voice, waitFor } from "../../../cluster/api/wait";
import { lastDone } from "../../../cluster/journal/history";
import { TakenOver } from "../../../cluster/journal/store";

/** A clock that only the test moves: each turn takes so many seconds. */
function clock(secondsPerTurn: number) {
  let now = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now);
  return { tick: () => (now += secondsPerTurn * 1000) };
}

afterEach(() => jest.restoreAllMocks());

/** Waits through what each turn finds; the last one is found for ever. */
function waiting(
  turns: readonly (Found<string> | Error | ((turn: Turn) => Found<string>))[],
  { limitSeconds = 1000, secondsPerTurn = 1 } = {},
) {
  const lines: string[] = [];
  const { tick } = clock(secondsPerTurn);
  let looks = 0;
  let asked = 0;
  const look = async (turn: Turn) => {
    const found = turns[Math.min(looks++, turns.length - 1)]!;
    tick();
    if (found instanceof Error) throw found;
    return typeof found === "function" ? found(turn) : found;
  };
  const outOfTime = (last: object): string => JSON.stringify(last);
  const journal = { assertRun: async () => void asked++ as never };
  const result = waitFor(
    { look, limitSeconds, outOfTime, meanwhile: "the Pod goes on, " },
    { log: (line) => lines.push(line), journal, pace: 0 },
  );
  return { lines, result, looks: () => looks, asked: () => asked };
}

const gone = () => new ApiError("unreachable", "the API server is away");
const notYet = { waitingFor: "the Pod" };

test("what is waited for is said once, and again when it changes", async () => {
  const { lines, result } = waiting([notYet, notYet, { waitingFor: "the end" }, { done: "it is so" }]);
  expect(await result).toBe("it is so");
  expect(lines).toEqual(["waiting for the Pod", "waiting for the end"]);
});

test("nobody waits more than 15 s for a sign of life, and whoever speaks needs none", async () => {
  const silent = waiting([...Array.from({ length: 12 }, () => notYet), { done: "" }], { secondsPerTurn: 5 });
  await silent.result;
  expect(silent.lines).toEqual([
    "waiting for the Pod",
    "15 s, still waiting for the Pod",
    "30 s, still waiting for the Pod",
    "45 s, still waiting for the Pod",
  ]);
  let said = 0;
  const talking = (turn: Turn) => {
    turn.say(`line ${++said}`);
    return notYet;
  };
  const loud = waiting([...Array.from({ length: 12 }, () => talking), { done: "" }], { secondsPerTurn: 5 });
  await loud.result;
  expect(loud.lines.join()).not.toContain("still waiting");
});

test("a wait that the journal knows says how long it usually lasts; such a line matters only until the next", async () => {
  const lines: [string, boolean | undefined][] = [];
  const { tick } = clock(16);
  const history = [{ at: "t", step: "sealing", seconds: 79.6 }];
  let looks = 0;
  await waitFor(
    {
      look: async () => {
        tick();
        return ++looks > 2 ? { done: "" } : notYet;
      },
      usualSeconds: (journal) => lastDone(journal.history, "sealing")?.seconds,
      outOfTime: () => "",
    },
    {
      log: (line, passing) => lines.push([line, passing]),
      journal: { assertRun: async () => ({ version: 1, phase: "sealing", phaseSince: "t", history }) },
      pace: 0,
    },
  );
  expect(lines).toEqual([
    ["waiting for the Pod", undefined],
    ["16 of ~80 s, still waiting for the Pod", true],
  ]);
});

test("a voice that is shared with others counts what they say", () => {
  const lines: string[] = [];
  const { tick } = clock(10);
  const voice = new Voice((line) => lines.push(line));
  tick();
  voice.say("10 %");
  tick();
  voice.signOfLife("still waiting");
  expect(lines).toEqual(["10 %"]);
  tick();
  voice.signOfLife("still waiting");
  expect(lines).toEqual(["10 %", "still waiting"]);
});

test("an API server that is away ends no wait, but its time runs", async () => {
  const back = waiting([notYet, gone(), gone(), { done: "" }]);
  await back.result;
  expect(back.lines).toEqual([
    "waiting for the Pod",
    "the API server is away; the Pod goes on, trying again",
  ]);
  const away = waiting([notYet, gone()], { limitSeconds: 3 });
  expect(JSON.parse(await away.result)).toEqual({ seconds: 3, waitingFor: "the Pod", away: true });
});

test("when the time is over it says what it waited for", async () => {
  const { result, looks } = waiting([notYet], { limitSeconds: 5 });
  expect(JSON.parse(await result)).toEqual({ seconds: 5, waitingFor: "the Pod", away: false });
  expect(looks()).toBe(6);
});

test("without a limit it goes on; a look that changed something is repeated at once", async () => {
  const { lines, result } = waiting([{ again: "at once" }, { again: "next turn" }, { done: "x" }], {
    secondsPerTurn: 10_000,
    limitSeconds: 1e9,
  });
  expect(await result).toBe("x");
  expect(lines).toEqual(["10000 s, still waiting for the API server"]);
});

test("each turn asks whose run it is, and ends when it is another's", async () => {
  const { result, asked } = waiting([notYet, notYet, { done: "" }]);
  await result;
  expect(asked()).toBe(3);
  const journal = { assertRun: () => Promise.reject(new TakenOver(undefined)) };
  const look = jest.fn();
  const taken = waitFor({ look, outOfTime: () => undefined }, { log: () => undefined, journal });
  await expect(taken).rejects.toThrow(TakenOver);
  expect(look).not.toHaveBeenCalled();
});

test("how long something has been the same is counted from its first turn", async () => {
  const seen: number[] = [];
  const counting = (value: string | undefined) => (turn: Turn) => {
    seen.push(turn.since("pod", value));
    return notYet;
  };
  const turns = [
    counting("a"),
    counting("a"),
    counting("b"),
    counting(undefined),
    counting("b"),
    counting("b"),
  ];
  await waiting([...turns, { done: "" }]).result;
  expect(seen).toEqual([0, 1, 0, 0, 0, 1]);
});
