import { cadence, cadenceFor } from "../../../cluster/api/cadence";

test("often on a terminal, where a line takes the place of the one before; seldom in a log", () => {
  expect(cadenceFor("terminal", {})).toEqual({ progress: 2, silence: 5 });
  expect(cadenceFor("log", {})).toEqual({ progress: 30, silence: 30 });
});

test("CI means a log, whatever the CLI is connected to", () => {
  expect(cadenceFor("terminal", { CI: "true" })).toEqual(cadenceFor("log", {}));
  expect(cadenceFor("terminal", { CI: "" })).toEqual(cadenceFor("terminal", {}));
});

test("without a CLI nobody knows who reads: nobody waits more than 15 s for a sign of life", () => {
  expect(cadence()).toEqual({ progress: 5, silence: 15 });
});
