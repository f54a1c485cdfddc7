import { onceDown, whyNoLab } from "../support/bring-up";
import { goProblems } from "../../lab/go/command";
import { machineProblems } from "../../lab/packages";

test("what the lab itself would end with is told before it is begun", () => {
  const uid = jest.spyOn(process as { getuid: () => number }, "getuid").mockReturnValue(1000);
  try {
    expect(machineProblems()[0]).toMatch(/must be run as root on Linux/);
    expect(whyNoLab("stand-in")).toEqual([...machineProblems(), ...goProblems()]);
  } finally {
    uid.mockRestore();
  }
});

test("a lab goes down once, and what brings it up ends only before: a termination finds the failed bring-up at it", async () => {
  const seen: string[] = [];
  const down = onceDown(
    () => seen.push("bring-up ended"),
    () => Promise.resolve(seen.push("down")),
  );
  const failedBringUp = down();
  await Promise.all([failedBringUp, down()]);
  await down();
  expect(seen).toEqual(["bring-up ended", "down"]);
});
