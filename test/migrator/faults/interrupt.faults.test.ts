/** SIGTERM and SIGKILL at seeded points of a run, each followed by a second one. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expectedObjects } from "../support/inventory";
import { Random } from "../trees/random";
import { Stage, expectFailed, expectProven, expectProvenOr, named, onVolume } from "./stage";

const points = 25;
const random = new Random("interrupts");
const transfers = 8;
/** As in the Pod: the streamed blob and the large one go through threads. */
const workers = 2;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

/** Requests of an undisturbed run, about: points lie between the first and the last. */
const requests = 145;
const cases = (signal: NodeJS.Signals) =>
  Array.from({ length: points }, () => [signal, random.between(1, requests)] as const);

test.each([...cases("SIGTERM"), ...cases("SIGKILL")])(
  "%s at request %i: nothing wrong is left, a second run sends only what is missing",
  async (signal, at) => {
    let kill: () => void = () => undefined;
    stage.proxy.rule(({ number }) => number === at, { do: "first", run: () => kill() });
    const first = await stage.run(
      { transfers, workers },
      {
        onStart: (child) => {
          kill = () => child.kill(signal);
        },
      },
    );
    expectProvenOr(stage, first, [signal === "SIGKILL" ? "signal" : "interrupted"]);
    expect(first.report?.message ?? "").toMatch(/^$|run it again|go on/);

    const sent = new Set(stage.puts());
    stage.standin.log.length = 0;
    const second = await stage.run({ transfers, workers });
    expectProven(stage, second);
    expect(stage.puts().filter((name) => sent.has(name))).toEqual([]);
  },
);

test("SIGTERM while a server hangs: the run ends at once, not after the request's time limit", async () => {
  let kill: () => void = () => undefined;
  stage.proxy.rule("put", { do: "hang" }, Infinity);
  stage.proxy.rules.unshift({
    when: ({ purpose }) => purpose === "put",
    times: 1,
    fault: { do: "first", run: () => kill() },
  });
  const run = await stage.run(
    { requestTimeout: 50 },
    { deadlineMs: 20_000, onStart: (child) => (kill = () => child.kill("SIGTERM")) },
  );
  expectFailed(stage, run, "interrupted", /./);
});

test("SIGTERM while a thread waits for a volume that does not answer: the report comes all the same", async () => {
  // A FIFO in the place of a blob that was walked: opening it never returns, as with a server that is away.
  const path = onVolume(stage.root, named.streamed);
  const blobs = [...expectedObjects(stage.root).keys()].filter((name) => name.includes("/blobs/")).sort();
  const before = blobs[blobs.indexOf(named.streamed) - 1] ?? "";
  stage.proxy.rule(({ purpose, path: asked }) => purpose === "put" && asked.endsWith(before), {
    do: "first",
    run() {
      rmSync(path);
      execFileSync("mkfifo", [path]);
    },
  });
  const terminationLog = join(stage.root, "termination");
  const run = await stage.run(
    { workers: 1, transfers: 1, terminationLog },
    {
      onStart: (child) => setTimeout(() => child.kill("SIGTERM"), 4000),
      onEvent: (event, child) => {
        if (event.event === "done") setTimeout(() => child.kill("SIGKILL"), 4000);
      },
    },
  );
  expect(run.report).toMatchObject({ outcome: "interrupted", exitCode: 130 });
  expect(JSON.parse(readFileSync(terminationLog, "utf8"))).toEqual(run.report);
});

test("a termination message that cannot be written changes no result", async () => {
  const run = await stage.run({ terminationLog: join(stage.root, "nowhere/termination") });
  expectProven(stage, run);
  expect(run.events.at(-2)).toMatchObject({ event: "warning", message: expect.stringMatching(/ENOENT/) });
});

test("SIGINT ends a run as SIGTERM does", async () => {
  let kill: () => void = () => undefined;
  stage.proxy.rule(({ number }) => number === 40, { do: "first", run: () => kill() });
  const run = await stage.run({}, { onStart: (child) => (kill = () => child.kill("SIGINT")) });
  expectFailed(stage, run, "interrupted", /./);
});
