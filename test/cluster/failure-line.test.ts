import { randomUUID } from "node:crypto";
import { hearFailure, tellFailure } from "../../cluster/failure-line";

test("a step's failure is heard by the program of its run, and the step waits until it was", async () => {
  const token = randomUUID();
  const order: string[] = [];
  hearFailure(token, async (step) => {
    order.push(`heard ${step}`);
    await Promise.resolve();
    order.push("outputs given");
  });
  await tellFailure(token, "pull check");
  order.push("step ends");
  expect(order).toEqual(["heard pull check", "outputs given", "step ends"]);
});

test("without a program that listens (it is gone, or of another run) the step ends at once", async () => {
  await expect(tellFailure(randomUUID(), "sealing")).resolves.toBeUndefined();
});

test("a program that cannot say what was reached does not hold the step up", async () => {
  const token = randomUUID();
  hearFailure(token, () => Promise.reject(new Error("no outputs")));
  await expect(tellFailure(token, "opening")).resolves.toBeUndefined();
});
