/** The mover's metrics as Prometheus would fetch them, while Swift misbehaves. */
import { freePort } from "../../lab/net/free-port";
import { Stage, expectProven } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

/** Samples by name, with labels. */
async function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}
const own = (name: string) => `image_registry_migration_${name}`;

test("scraped in the middle of a copy: what was settled, repeated and is left; nothing once it has ended", async () => {
  const port = await freePort();
  let scraped: Promise<ReadonlyMap<string, number>> | undefined;
  const puts = () => stage.proxy.asked.filter(({ purpose }) => purpose === "put").length;
  stage.proxy.rule(({ purpose }) => purpose === "put" && puts() > 5, { do: "answer", status: 503 }, 1);
  // From here on a copy waits until it was scraped.
  stage.proxy.rule(
    ({ purpose }) => purpose === "put" && puts() > 20,
    {
      do: "first",
      run: async () => {
        await (scraped ??= scrape(port));
      },
    },
    1,
  );
  const run = await stage.run({ metricsPort: port, transfers: 1 });
  expectProven(stage, run);
  const seen = await scraped!;
  expect(seen.get(own('info{mode="finish",container="registry",shard="",version="0.1.0"}'))).toBe(1);
  const copied = seen.get(own('objects_total{outcome="copied"}'))!;
  expect(copied).toBeGreaterThan(5);
  expect(copied).toBeLessThan(run.report!.copied.objects);
  expect(seen.get(own("settled_objects"))).toBeGreaterThanOrEqual(copied);
  expect(seen.get(own("progress_ratio"))).toBeLessThan(1);
  expect(seen.get(own("retries_total"))).toBe(1);
  expect(seen.get(own("transfers_allowed"))).toBe(1);
  await expect(scrape(port)).rejects.toThrow("fetch failed");
});

test("not asked for, nothing listens", async () => {
  const port = await freePort();
  let asked: Promise<unknown> | undefined;
  stage.proxy.rule(
    ({ purpose }) => purpose === "put",
    { do: "first", run: async () => void (await (asked ??= scrape(port).catch((error: unknown) => error))) },
    1,
  );
  expectProven(stage, await stage.run());
  expect(await asked).toMatchObject({ message: "fetch failed" });
});
