/** Tokens, the catalog, and a Keystone that is away. */
import { writeFileSync } from "node:fs";
import { retryPolicy } from "../../../swift/retry";
import { runMover } from "../support/mover";
import { Stage, expectFailed, expectProven } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

test.each([0, 2])("a token that is refused in the middle is replaced, with %i threads", async (workers) => {
  let seen = 0;
  stage.proxy.rule(({ purpose }) => purpose === "put" && (seen += 1) === 30, {
    do: "first",
    run: () => stage.standin.keystone.revokeAll(),
  });
  const run = await stage.run({ workers });
  expect(stage.proxy.faults).toBe(1);
  expectProven(stage, run);
  expect(stage.standin.keystone.issued).toBe(2);
});

test("a token that is refused to a thread in the middle of a large object is replaced", async () => {
  stage.proxy.rule(({ purpose, path }) => purpose === "put" && /\/segments\/.*2$/.test(path), {
    do: "first",
    run: () => stage.standin.keystone.revokeAll(),
  });
  const run = await stage.run({ workers: 2 });
  expect(stage.proxy.faults).toBe(1);
  expectProven(stage, run);
  expect(stage.standin.keystone.issued).toBe(2);
});

test("a Keystone that is down for a minute is waited for with the settings there are by default", async () => {
  // Every time a thousandth of the default: a minute is 60 ms.
  const { attempts, baseSeconds, maxSeconds } = retryPolicy(undefined, () => undefined);
  let until = Infinity;
  stage.proxy.rule(
    ({ purpose }) => {
      if (purpose !== "token") return false;
      until = Math.min(until, performance.now() + 60);
      return performance.now() < until;
    },
    { do: "answer", status: 503 },
    Infinity,
  );
  const retry = { attempts, baseSeconds: baseSeconds / 1000, maxSeconds: maxSeconds / 1000 };
  expectProven(stage, await stage.run({ retry }));
});

test("a 401 on each new token ends: auth", async () => {
  stage.proxy.rule("put", { do: "answer", status: 401 }, Infinity);
  expectFailed(stage, await stage.run(), "auth", /401|token|refused/i);
  expect(stage.standin.keystone.issued).toBeLessThan(20);
});

test("a Keystone that answers 503 for a while is waited for", async () => {
  stage.proxy.rule("token", { do: "answer", status: 503 }, 4);
  const run = await stage.run();
  expectProven(stage, run);
  expect(run.report?.retries).toBe(4);
});

test("a Keystone that is down when a new token is needed is waited for", async () => {
  let seen = 0;
  stage.proxy.rule(({ purpose }) => purpose === "put" && (seen += 1) === 30, {
    do: "first",
    run: () => {
      stage.standin.keystone.revokeAll();
      stage.proxy.rule("token", { do: "answer", status: 503 }, 3);
    },
  });
  expectProven(stage, await stage.run());
});

test("a Keystone that hangs is given up and asked again", async () => {
  stage.proxy.rule("token", { do: "hang" });
  expectProven(stage, await stage.run());
});

test("refused connections: tried again until somebody listens", async () => {
  const settings = stage.settings({ retry: { attempts: 50, baseSeconds: 0.05, maxSeconds: 0.2 } });
  await stage.proxy.down();
  const run = await runMover(settings, {
    onEvent: (event) => {
      if (event.event === "retry") void stage.proxy.up();
    },
  });
  expectProven(stage, run);
});

test("refused for good: unreachable, with the address", async () => {
  const settings = stage.settings({ retry: { attempts: 2, baseSeconds: 0.01, maxSeconds: 0.02 } });
  const address = new URL(stage.proxy.url).host;
  await stage.proxy.down();
  const run = await runMover(settings);
  expectFailed(stage, run, "unreachable", new RegExp(address.replaceAll(".", "\\.")));
});

test("everything goes away in the middle of the copy and comes back", async () => {
  let seen = 0;
  stage.proxy.rule(({ purpose }) => purpose === "put" && (seen += 1) === 20, {
    do: "first",
    run: () => void stage.proxy.down(),
  });
  const run = await stage.run(
    { retry: { attempts: 50, baseSeconds: 0.05, maxSeconds: 0.2 } },
    {
      onEvent: (event) => {
        if (event.event === "retry") void stage.proxy.up();
      },
    },
  );
  expectProven(stage, run);
});

test("a catalog without an object store: catalog", async () => {
  stage.standin.keystone.catalogHasSwift = false;
  expectFailed(stage, await stage.run(), "catalog", /object-store|object store/i);
});

test("a region the catalog does not have: catalog, with the regions there are", async () => {
  const settings = stage.settings();
  const run = await runMover({ ...settings, cloud: { ...settings.cloud, region: "Elsewhere" } });
  expectFailed(stage, run, "catalog", /Elsewhere.*RegionOne/s);
});

test("a wrong password: auth, tried once, the password in no line", async () => {
  const settings = stage.settings();
  if (settings.cloud.auth.secret.kind !== "file") throw new Error("the secret is in a file");
  writeFileSync(settings.cloud.auth.secret.path, "wrong-secret-word");
  const run = await runMover(settings);
  expectFailed(stage, run, "auth", /openshift|credential|Keystone/i);
  expect(stage.proxy.asked.filter(({ purpose }) => purpose === "token").length).toBeLessThanOrEqual(2);
  expect(JSON.stringify([run.events, run.noise])).not.toContain("wrong-secret-word");
});

test("no secret and no token is ever printed", async () => {
  stage.proxy.rule("put", { do: "answer", status: 503 }, 3);
  const run = await stage.run();
  const printed = JSON.stringify([run.events, run.noise]);
  expect(printed).not.toContain("openshiftpass");
  const tokens = stage.proxy.asked
    .map(({ headers }) => headers["x-auth-token"])
    .filter((token) => token !== undefined);
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens.filter((token) => printed.includes(String(token)))).toEqual([]);
});
