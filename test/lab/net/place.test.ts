import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { place } from "./place";

let locks: string;
beforeEach(() => (locks = mkdtempSync(join(tmpdir(), "place-"))));
afterEach(() => rmSync(locks, { recursive: true, force: true }));

test("two that look at the same moment get different places", async () => {
  const [one, other] = await Promise.all([place(locks), place(locks)]);
  expect(one.net).not.toBe(other.net);
  expect(one.ports).not.toBe(other.ports);
});

test("a place that was given back is free again", async () => {
  const first = await place(locks);
  first.release();
  const again = await place(locks);
  expect(again.net).toBe(first.net);
  again.release();
  expect(readdirSync(locks)).toEqual([]);
});

test("a network whose ports somebody has is passed over, and not kept", async () => {
  const first = await place(locks);
  first.release();
  const server = await listening(first.ports);
  try {
    expect((await place(locks)).net).not.toBe(first.net);
    expect(readdirSync(locks)).toHaveLength(1);
  } finally {
    server.close();
  }
});

function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "0.0.0.0", () => resolve(server));
  });
}
