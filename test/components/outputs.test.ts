import { randomUUID } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { tellFailure } from "../../cluster/failure-line";
import type { Built } from "../../components/graph";
import { reachedOutputs } from "../../components/outputs";
import { containerName, proven, settings, switched } from "../plan/observations";
import { decide, planned } from "../plan/support";
import { value } from "./mocks";

const wanted = settings("switch");
const decided = {
  state: "switch",
  plan: planned(decide(wanted, proven)),
  figures: { pullsStopSeconds: 0 },
} as const;
const built = (finished: Promise<void>): Built => ({ container: pulumi.output(containerName), finished });
const never = new Promise<void>(() => undefined);

test("once every step has done its work the outputs say what was planned", async () => {
  const sealing = {
    at: "2026-01-01T00:00:30Z",
    step: "sealing",
    seconds: 20,
    pushes: "2026-01-01T00:00:20Z",
  };
  const opening = {
    at: "2026-01-01T00:01:00Z",
    step: "opening",
    seconds: 20,
    pushes: "2026-01-01T00:00:50Z",
  };
  const journal = { ...switched.journal!, history: [sealing, opening] };
  const outputs = await reachedOutputs(decided, built(Promise.resolve()), randomUUID(), async () => ({
    journal,
  }));
  expect(outputs["window"]).toBe(
    "no push was taken for 30 s from 2026-01-01T00:00:20Z on: sealing 10 s, between steps 10 s, opening 10 s",
  );
  expect(outputs["plan"]).toBe(decided.figures);
  expect(outputs["readme"]).toMatch(/\| opening \| 20 s \|/);
  expect(outputs["registry"]).toMatch(/^writable, on Swift container/);
  expect(await value(pulumi.output(outputs["container"]))).toBe(containerName);
});

test("the report's file is one of them, where it was written, also after a failure", async () => {
  const found = () => Promise.resolve({ journal: switched.journal! });
  const ended = (write: () => Promise<string | undefined>) =>
    reachedOutputs(decided, built(Promise.resolve()), randomUUID(), found, { write });
  expect((await ended(() => Promise.resolve("/p/reports/dev.html")))["report"]).toBe("/p/reports/dev.html");
  expect(await ended(() => Promise.resolve(undefined))).not.toHaveProperty("report");

  const token = randomUUID();
  const failed = reachedOutputs(decided, built(never), token, found, { write: async () => "/p/r.html" });
  await tellFailure(token, "pull check");
  expect((await failed)["report"]).toBe("/p/r.html");
});

test("a run with --target says what it left undone, not what was planned", async () => {
  const onSwift = { ...switched.config!, readOnly: true };
  const outputs = await reachedOutputs(decided, built(Promise.resolve()), randomUUID(), async () => ({
    config: onSwift,
    journal: { ...switched.journal!, phase: "switching" },
  }));
  expect(outputs).toMatchObject({
    registry: expect.stringMatching(/^read-only, on Swift container .*left out a part of its plan$/),
    next: expect.stringContaining("without --target"),
  });
});

test("a journal that cannot be read in the end costs the measured seconds only", async () => {
  const outputs = await reachedOutputs(decided, built(Promise.resolve()), randomUUID(), () =>
    Promise.reject(new Error("away")),
  );
  expect(outputs["registry"]).toMatch(/^writable/);
  expect(outputs["window"]).toBeUndefined();
});

test("as soon as a step fails they say what the cluster is like then, without waiting for the others", async () => {
  const token = randomUUID();
  const outputs = reachedOutputs(decided, built(never), token, async () => ({
    config: { ...switched.config!, readOnly: true },
    journal: switched.journal!,
  }));
  await tellFailure(token, "pull check");
  expect(await outputs).toMatchObject({
    state: "switch",
    registry: expect.stringMatching(/^read-only, on Swift container .*pull check failed$/),
    next: expect.stringContaining("state abort"),
    readme: expect.stringMatching(/\*\*Registry\*\*: read-only.*pull check failed$/m),
    container: containerName,
  });
});

test("a cluster that cannot be read back is told as unknown", async () => {
  const token = randomUUID();
  const outputs = reachedOutputs({ ...decided, state: "migrate" }, built(never), token, () =>
    Promise.reject(new Error("away")),
  );
  await tellFailure(token, "final copy");
  expect((await outputs)["registry"]).toBe("unknown: the cluster could not be read; final copy failed");
});
