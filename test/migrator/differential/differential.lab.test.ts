/** Two registries, one on the tree and one on the container the mover filled, must not be told apart. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "../../lab/swift/account";
import { accountOf, realCloud, type TestCloud } from "../support/cloud";
import { differences, expectedObjects } from "../support/inventory";
import { cleanUp, runMover, scratchFolder, testSettings, type Run } from "../support/mover";
import { skipped } from "../support/skip";
import { mixedTree } from "../trees/kinds";
import { Random, seededBytes } from "../trees/random";
import { RegistryTree } from "../trees/registry";
import { Registry, onSwift, onTree, registryMissing } from "./registry";

jest.setTimeout(600_000);

const cloud = realCloud();
const why = typeof cloud === "string" ? cloud : registryMissing();
if (typeof cloud === "string" || why !== undefined)
  skipped("registries on tree and container answer the same", why ?? "");
else suite(cloud);

function suite(cloud: TestCloud): void {
  const threshold = 1_500_000;
  const segmentSize = 600_000;
  const bytes = (seed: string, size: number) => Buffer.concat([...seededBytes(seed, size)]);
  let account: Account;
  let container: string;
  const running: Registry[] = [];
  const start = async (...of: Parameters<typeof Registry.start>) => {
    const registry = await Registry.start(...of);
    running.push(registry);
    return registry;
  };

  beforeEach(async () => {
    account = accountOf(cloud);
    container = `differential-${randomBytes(5).toString("hex")}`;
    await account.send("PUT", `/${container}`);
  });
  afterEach(async () => {
    for (const registry of running.splice(0)) await registry.stop();
    await account.wipe(container);
    cleanUp();
  });

  const move = (root: string, mode: "copy" | "finish" | "back" | "verify") =>
    runMover(
      testSettings(cloud, {
        mode,
        root,
        container,
        transfers: 16,
        requestTimeout: 60,
        largeObjectThreshold: threshold,
        segmentSize,
        allowDelete: true,
      }),
      { deadlineMs: 500_000 },
    );
  function expectProven(run: Run): void {
    expect({
      end: run.end,
      message: run.report?.message,
      proven: run.report?.proven,
      noise: run.noise,
    }).toEqual({
      end: "ok",
      message: undefined,
      proven: true,
      noise: [],
    });
  }
  const segments = async () => (await account.list(container, "segments/")).map(({ name }) => name);

  /** A tree with images of every size, three of them with a layer that becomes a large object. */
  function tree(): string {
    const root = scratchFolder("volume-");
    const made = new RegistryTree(root);
    mixedTree(made, 10, 200_000, "differential");
    for (let n = 0; n < 3; n += 1)
      made.image(`large/image-${n}`, "latest", [made.blob(bytes(`differential/large/${n}`, 2_000_000 + n))]);
    return root;
  }

  test("after finish: every tag, manifest and blob; a large blob among them", async () => {
    const root = tree();
    expectProven(await move(root, "finish"));
    expect(await segments()).toHaveLength(3 * 4);
    const [ours, theirs] = [await start(onSwift(cloud, container)), await start(onTree(root))];
    const wanted = await theirs.answers();
    expect(wanted.size).toBeGreaterThan(10 * 4);
    expect([...wanted.values()].filter((answer) => !answer.startsWith("200 "))).toEqual([]);
    expect(await ours.answers()).toEqual(wanted);
  });

  test("the registry's garbage collection on the container loses nothing", async () => {
    const root = tree();
    expectProven(await move(root, "finish"));
    const registry = await start(onSwift(cloud, container));
    const before = await registry.answers();
    const objects = (await account.list(container)).length;
    await registry.collectGarbage();
    expect((await account.list(container)).length).toBe(objects);
    expect(await registry.answers()).toEqual(before);
  });

  test("a large blob is served, deleted by the registry, and nothing of it is left", async () => {
    const root = scratchFolder("volume-");
    const made = new RegistryTree(root);
    made.image("small/app", "latest", [made.blob(bytes("gc/small", 5000))]);
    const image = made.image("large/app", "latest", [made.blob(bytes("gc/large", 2_000_000))]);
    expectProven(await move(root, "finish"));
    expect(await segments()).toHaveLength(4);
    const registry = await start(onSwift(cloud, container));
    const layer = image.layers[0]?.hex ?? "";
    const served = await registry.get(`/v2/large/app/blobs/sha256:${layer}`);
    expect([served.status, served.body.length]).toEqual([200, 2_000_000]);
    await registry.deleteManifest("large/app", `sha256:${image.manifest.hex}`);
    await registry.collectGarbage();
    // Its collection leaves the repository's link of the layer, as it does on a volume.
    expect(
      (await account.list(container, "files/docker/registry/v2/blobs/")).filter(({ name }) =>
        name.includes(layer),
      ),
    ).toEqual([]);
    expect(await segments()).toEqual([]);
    expect((await registry.get("/v2/small/app/manifests/latest")).status).toBe(200);
  });

  test("what the registry pushed into Swift comes back to a volume; the registry there answers the same", async () => {
    const root = tree();
    expectProven(await move(root, "finish"));
    const onContainer = await start(onSwift(cloud, container));
    await onContainer.push("pushed/later", "v1", [bytes("later/1", 300_000), bytes("later/2", 1000)]);
    const wanted = await onContainer.answers();
    const run = await move(root, "back");
    expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
    const back = await start(onTree(root));
    expect(await back.answers()).toEqual(wanted);
  });

  test("images pushed and deleted all the while a copy runs are right after finish", async () => {
    const root = tree();
    const live = await start(onTree(root));
    const random = new Random("live");
    const counts = { pushes: 0, deletions: 0 };
    const pushing = new AbortController();
    const kept = new Map<string, string>();
    const push = async (worker: number): Promise<void> => {
      while (!pushing.signal.aborted) {
        const n = (counts.pushes += 1);
        const repository = `live-${worker}/app-${random.between(0, 3)}`;
        const size = random.pick([100, 5000, 80_000, 700_000, 1_700_000]);
        const tag = random.pick(["latest", `v${n}`]);
        const digest = await live.push(repository, tag, [
          bytes(`live/${n}`, size),
          bytes(`live/shared/${n % 5}`, 20_000),
        ]);
        kept.set(`${repository} ${digest}`, tag);
        const victim = [...kept.keys()].filter((key) => key.startsWith(`live-${worker}/`));
        if (n % 3 === 0 && victim.length > 2) {
          const [where = "", what = ""] = random.pick(victim).split(" ");
          await live.deleteManifest(where, what);
          kept.delete(`${where} ${what}`);
          counts.deletions += 1;
        }
        // Paced: unpaced, two pushers on a local disk make objects faster than a Swift on the same machine takes them.
        await sleep(150);
      }
    };
    const pushers = [push(0), push(1)];
    for (let copies = 0; copies < 3; copies += 1) {
      const run = await move(root, "copy");
      expect({ end: run.end, message: run.report?.message, deleted: run.report?.deleted.objects }).toEqual({
        end: "ok",
        message: undefined,
        deleted: 0,
      });
    }
    await sleep(200);
    pushing.abort();
    await Promise.all(pushers);
    expect(counts.pushes).toBeGreaterThan(5);
    await live.stop();
    expectProven(await move(root, "finish"));
    const [ours, theirs] = [await start(onSwift(cloud, container)), await start(onTree(root))];
    expect(await ours.answers()).toEqual(await theirs.answers());
    const listed = (await account.list(container, "files/")).map(({ name }) => name).sort();
    expect(listed).toEqual([...expectedObjects(root).keys()].sort());
    console.info(`${counts.pushes} images pushed, ${counts.deletions} deleted while the copies ran`);
  });

  test("back onto an empty volume gives the same files", async () => {
    const root = tree();
    expectProven(await move(root, "finish"));
    const target = scratchFolder("target-");
    mkdirSync(join(target, "docker/registry/v2"), { recursive: true });
    const run = await move(target, "back");
    expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
    expect(differences(expectedObjects(root), expectedObjects(target))).toEqual([]);
    expect(existsSync(join(target, "docker/registry/v2/repositories"))).toBe(true);
  });
}
