import { createServer, type AddressInfo } from "node:net";
import { whileRegistryAnswers } from "../../migrator/make-way";

const registry = { host: "image-registry.svc", port: 5000, seconds: 300 };

/** A minute passes between two answers; after the last one the watch ends. */
function watch(answers: readonly boolean[]) {
  let at = 0;
  return {
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

test("it asks by a connection", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  let asked = 0;
  const wait = async () => {
    if (++asked === 1) await new Promise((resolve) => server.close(resolve));
  };
  await expect(whileRegistryAnswers({ host: "127.0.0.1", port, seconds: 0 }, { wait })).rejects.toMatchObject(
    {
      failure: "made-way",
    },
  );
  expect(asked).toBe(1);
});
