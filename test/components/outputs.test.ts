import { randomUUID } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { tellFailure } from "../../cluster/failure-line";
import type { Built } from "../../components/graph";
import { reachedOutputs } from "../../components/outputs";
import { containerName, proven, settings, switched } from "../plan/observations";
import { decide, planned } from "../plan/support";
import { value } from "./mocks";

const wanted = settings("switch");
const plan = planned(decide(wanted, proven));
const built = (finished: Promise<void>): Built => ({ container: pulumi.output(containerName), finished });
const never = new Promise<void>(() => undefined);

test("once every step has done its work the outputs say what was planned", async () => {
  const outputs = await reachedOutputs("switch", plan, built(Promise.resolve()), randomUUID(), async () => {
    throw new Error("nothing is to be read back");
  });
  expect(outputs["registry"]).toMatch(/^writable, on Swift container/);
  expect(await value(pulumi.output(outputs["container"]))).toBe(containerName);
});

test("as soon as a step fails they say what the cluster is like then, without waiting for the others", async () => {
  const token = randomUUID();
  const outputs = reachedOutputs("switch", plan, built(never), token, async () => ({
    config: { ...switched.config!, readOnly: true },
    journal: switched.journal!,
  }));
  await tellFailure(token, "pull check");
  expect(await outputs).toMatchObject({
    state: "switch",
    registry: expect.stringMatching(/^read-only, on Swift container .*pull check failed$/),
    next: expect.stringContaining("state abort"),
    container: containerName,
  });
});

test("a cluster that cannot be read back is told as unknown", async () => {
  const token = randomUUID();
  const outputs = reachedOutputs("migrate", plan, built(never), token, () =>
    Promise.reject(new Error("away")),
  );
  await tellFailure(token, "final copy");
  expect((await outputs)["registry"]).toBe("unknown: the cluster could not be read; final copy failed");
});
