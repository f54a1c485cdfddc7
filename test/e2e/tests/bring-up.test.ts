import { whyNoLab } from "../support/bring-up";
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
