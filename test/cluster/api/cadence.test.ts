import { cadence, cadences, readerFor } from "../../../cluster/api/cadence";

test("often on a terminal, where a line takes the place of the one before; seldom in a log", () => {
  expect(cadences.terminal).toEqual({ progress: 2, silence: 5 });
  expect(cadences.log).toEqual({ progress: 30, silence: 30 });
});

test("CI means a log, whatever the CLI is connected to", () => {
  expect(readerFor("terminal", { CI: "true" })).toBe("log");
  expect(readerFor("terminal", { CI: "" })).toBe("terminal");
  expect(readerFor("unknown", { CI: "true" })).toBe("unknown");
});

test("without a CLI nobody knows who reads: nobody waits more than 15 s for a sign of life", () => {
  expect(cadence()).toEqual({ progress: 5, silence: 15 });
});
