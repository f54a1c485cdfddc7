/** The registry that nobody stores: the benchmark's volume and container of ten million names. */
import { GeneratedContainer } from "../../bench/generated/container";
import { generatedVolume } from "../../bench/generated/preload";
import { OneFolder } from "../../bench/generated/one-folder";
import { ManyRepositories } from "../../bench/generated/repositories";
import { standinCloud } from "../migrator/support/cloud";
import { cleanUp, runMover, testSettings } from "../migrator/support/mover";
import { SwiftStandin } from "../migrator/swift-standin/server";

const files = 2000;
// The mover is built, and runs as a process.
jest.setTimeout(120_000);
afterAll(cleanUp);

test.each([
  ["many repositories", new ManyRepositories(files)],
  ["one folder", new OneFolder(files)],
])("of %s the names come in order from any marker on, and each is found", (_, registry) => {
  const all = [...registry.after("")].map(({ path }) => path);
  expect(all).toHaveLength(registry.objects);
  expect(all).toEqual([...all].sort());
  expect(new Set(all).size).toBe(all.length);
  for (const path of all) expect(registry.find(path)?.path).toBe(path);
  for (const at of [0, 1, registry.blobs - 1, registry.blobs, registry.blobs + 19, all.length - 1])
    expect([...registry.after(all[at]!)].map(({ path }) => path)).toEqual(all.slice(at + 1));
  for (const path of [
    "blobs/sha256/00/00/data",
    "repositories/",
    "repositories/project-000/app-9999999/_layers/",
  ])
    expect(registry.find(path)).toBeUndefined();
});

test("a folder of many links is walked as it is listed", async () => {
  const standin = await SwiftStandin.start();
  try {
    const registry = new OneFolder(files);
    standin.containers.set("c", new GeneratedContainer(registry));
    const { root, env } = generatedVolume(`links:${files}`);
    const settings = testSettings(standinCloud(standin), { mode: "finish", root, container: "c" });
    const { report } = await runMover(settings, { env });
    expect(report).toMatchObject({ proven: true, copied: { objects: 0 }, links: { objects: files } });
  } finally {
    await standin.stop();
  }
});

// No link's row is older than its file; the way back asks for each tag once, and compares twice.
test.each([
  { mode: "finish", proven: true, asked: ({ blobs }: ManyRepositories) => blobs },
  { mode: "verify", proven: true, asked: ({ blobs }: ManyRepositories) => blobs },
  { mode: "back", proven: false, asked: ({ repositories }: ManyRepositories) => 2 * repositories },
] as const)("the mover's $mode finds volume and container equal", async ({ mode, proven, asked }) => {
  const standin = await SwiftStandin.start();
  try {
    const registry = new ManyRepositories(files);
    standin.containers.set("c", new GeneratedContainer(registry));
    const { root, env } = generatedVolume(`files:${files}`);
    const run = await runMover(testSettings(standinCloud(standin), { mode, root, container: "c" }), { env });
    const { report } = run;
    expect(report).toMatchObject({
      outcome: "ok",
      proven,
      copied: { objects: 0 },
      deleted: { objects: 0 },
      blobs: { objects: registry.blobs },
    });
    expect(report!.blobs.objects + report!.links.objects).toBe(registry.objects);
    const heads = standin.log.filter(({ method, path }) => method === "HEAD" && path.includes("/files/"));
    expect(heads).toHaveLength(asked(registry));
  } finally {
    await standin.stop();
  }
});
