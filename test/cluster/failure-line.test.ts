import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hearFailure, removeStaleLines, tellFailure } from "../../cluster/failure-line";

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

test("the socket of a program that was killed goes, the one of a program that runs stays and hears no word", async () => {
  const socketOf = (token: string) => join(tmpdir(), `image-registry-swift-${token}.sock`);
  const [killed, running] = [socketOf(randomUUID()), socketOf(randomUUID())];
  const script = `require("node:net").createServer().listen(${JSON.stringify(killed)}, () => console.log("listens"))`;
  const program = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(program.stdout, "data");
  program.kill("SIGKILL");
  await once(program, "close");
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("data", (word) => void heard.push(word.toString()));
  });
  await new Promise<void>((resolve) => server.listen(running, resolve));
  expect(existsSync(killed)).toBe(true);
  await removeStaleLines();
  expect([existsSync(killed), existsSync(running)]).toEqual([false, true]);
  expect(heard).toEqual([]);
  server.close();
  rmSync(running, { force: true });
});
