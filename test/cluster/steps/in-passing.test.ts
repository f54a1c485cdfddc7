import { engineOf, inPassing, sayInPassing } from "../../../cluster/steps/in-passing";

test("only Pulumi's host of dynamic providers knows the engine", () => {
  const host = "/p/node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js";
  expect(engineOf(["node", host, "127.0.0.1:43491"])).toBe("127.0.0.1:43491");
  expect(engineOf(["node", host])).toBeUndefined();
  expect(engineOf(["node", "scripts/step.ts", "registry-patch"])).toBeUndefined();
});

test("on a terminal what is new comes first, in a log the step's name", () => {
  expect(inPassing("43 % 3.1 of 7.2 GiB", "live copy", "terminal")).toBe("43 % 3.1 of 7.2 GiB [live copy]");
  expect(inPassing("43 % 3.1 of 7.2 GiB", "live copy", "log")).toBe("[live copy] 43 % 3.1 of 7.2 GiB");
});

test("elsewhere the line is printed", async () => {
  const print = jest.spyOn(console, "log").mockImplementation(() => undefined);
  await sayInPassing("43 %");
  expect(print).toHaveBeenCalledWith("43 %");
  print.mockRestore();
});
