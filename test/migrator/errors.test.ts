import { openSync, readdirSync } from "node:fs";
import { causeOf } from "../../migrator/errors";

function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    // What Node.js throws is of another realm than the tests.
    const { message, syscall } = error as NodeJS.ErrnoException;
    return Object.assign(new Error(message), { syscall });
  }
  throw new Error("it did not fail");
}

test.each([
  ["open", () => openSync("/proc/self/none, open 'here'/data", "r")],
  ["scandir", () => readdirSync("/proc/self/none")],
])(
  "what the system says of a file is said without the path, which the message has already: %s",
  (_call, action) => {
    expect(causeOf(thrownBy(action))).toBe("ENOENT: no such file or directory");
  },
);

test("what the system did not say stays whole", () => {
  expect(causeOf(new Error("blob a, open at 3"))).toBe("blob a, open at 3");
  expect(causeOf("text")).toBe("text");
  expect(causeOf(undefined)).toBe("undefined");
});
