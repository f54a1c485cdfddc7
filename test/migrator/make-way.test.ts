import { createServer, type AddressInfo } from "node:net";
import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryIn, type Memory, processCode, whileRegistryAnswers } from "../../migrator/make-way";

const registry = { host: "image-registry.svc", port: 5000, seconds: 300 };

/** It has seen silence for long, but no answer. */
const forgetful = { age: () => undefined, answered: () => undefined, silent: () => 100 };

/** A minute passes between two answers; after the last one the watch ends. */
function watch(answers: readonly boolean[], memory = forgetful as Memory) {
  let at = 0;
  return {
    memory,
    asks: async () => {
      if (at === answers.length) throw new Error("still watching");
      return answers[at++] ?? false;
    },
    wait: async () => undefined,
    now: () => at * 60_000,
  };
}
const [up, away] = [true, Array.from({ length: 6 }, () => false)];

test("a registry that has not answered for the time is made way for, with the reason", async () => {
  await expect(whileRegistryAnswers(registry, watch([up, ...away]))).rejects.toMatchObject({
    failure: "made-way",
    message: expect.stringContaining("image-registry.svc:5000") as string,
  });
});

test("a restart is no reason, and a registry that never answered says nothing", async () => {
  const [two, four] = [away.slice(0, 2), away.slice(0, 4)];
  await expect(whileRegistryAnswers(registry, watch([up, ...four, up, ...two]))).rejects.toThrow(
    "still watching",
  );
  await expect(whileRegistryAnswers(registry, watch([...away, ...away]))).rejects.toThrow("still watching");
});

test.each([
  ["made way", 17, 0],
  ["found no registry on the volume", 5, 0],
  ["was refused its credentials", 10, 0],
  ["copied all", 0, 0],
  ["did not reach Swift", 12, 12],
  ["was interrupted", 130, 130],
])(
  "beside the registry a process that %s: its container is started again only where that may help",
  (_what, code, ended) => {
    expect(processCode(code, { makeWay: registry })).toBe(ended);
    expect(processCode(code, {})).toBe(code);
  },
);

describe("its container is started again, because Swift is away as well", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "make-way-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const minutesAgo = (minutes: number) => {
    const at = Date.now() / 1000 - minutes * 60;
    utimesSync(join(folder, "registry-answered"), at, at);
  };
  const watched = (answers: readonly boolean[]) =>
    whileRegistryAnswers(registry, watch(answers, memoryIn(folder)));

  test("what the containers before it heard, and did not hear, counts", async () => {
    expect(memoryIn(folder).age()).toBeUndefined();
    await expect(watched([up])).rejects.toThrow("still watching");
    minutesAgo(1);
    await expect(watched(away.slice(0, 3))).rejects.toThrow("still watching");
    await expect(watched(away.slice(0, 4))).rejects.toMatchObject({ failure: "made-way" });
  });

  test("one that ends at once, whenever it is started, asks once each time", async () => {
    await expect(watched([up])).rejects.toThrow("still watching");
    minutesAgo(10);
    for (let start = 0; start < 5; start++)
      await expect(watched(away.slice(0, 1))).rejects.toThrow("still watching");
    await expect(watched(away.slice(0, 1))).rejects.toMatchObject({ failure: "made-way" });
  });

  test("but a clock that was set makes no silence, and a registry that is back is heard", async () => {
    memoryIn(folder).answered();
    minutesAgo(600);
    await expect(watched(away.slice(0, 5))).rejects.toThrow("still watching");
    await expect(watched([up, ...away.slice(0, 4)])).rejects.toThrow("still watching");
    expect(memoryIn(folder).age()).toBeLessThan(60_000);
    minutesAgo(600);
    await expect(watched(away.slice(0, 1))).rejects.toThrow("still watching");
  });

  test("a folder that cannot be written to ends no copy, and remembers nothing", async () => {
    const memory = memoryIn(join(folder, "gone"));
    await expect(whileRegistryAnswers(registry, watch([up, up], memory))).rejects.toThrow("still watching");
    await expect(whileRegistryAnswers(registry, watch([up, ...away], memory))).rejects.toMatchObject({
      failure: "made-way",
    });
  });
});

test("it asks by a connection", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let asked = 0;
  const wait = async () => {
    if (++asked === 1) await new Promise((resolve) => server.close(resolve));
  };
  await expect(
    whileRegistryAnswers({ host: "127.0.0.1", port, seconds: 0 }, { wait, memory: forgetful }),
  ).rejects.toMatchObject({
    failure: "made-way",
  });
  expect(asked).toBe(1);
});
