/** The stage that fault tests act on: a small registry, a stand-in Swift, a proxy between it and the mover. */
import { join } from "node:path";
import type { MoverSettings } from "../../../migrator/contract";
import { SwiftStandin, type StandinOptions } from "../swift-standin/server";
import { standinCloud } from "../support/cloud";
import {
  dangling,
  differences,
  expectedObjects,
  standinObjects,
  wrongUnderRightName,
} from "../support/inventory";
import { cleanUp, runMover, scratchFolder, testSettings, type Run, type RunOptions } from "../support/mover";
import { seededBytes } from "../trees/random";
import { RegistryTree } from "../trees/registry";
import { FaultProxy } from "./proxy";

// Each test starts the mover several times, on machines that may be busy.
jest.setTimeout(120_000);

export const container = "registry";
/** Blobs above this become large objects in these tests. */
const threshold = 600_000;
const segmentSize = 250_000;

const bytes = (seed: string, size: number) => Buffer.concat([...seededBytes(seed, size)]);

/** Eleven images: links, small blobs, one streamed blob (300 KB) and one large object of four segments (900 KB). */
function registry(root: string): RegistryTree {
  const tree = new RegistryTree(root);
  const base = tree.blob(bytes("faults/base", 3000));
  for (let n = 0; n < 10; n += 1)
    tree.image(
      `team-${n % 3}/app`,
      `v${n}`,
      [base, tree.blob(bytes(`faults/${n}`, 1000 + n * 777))],
      `faults-${n}`,
    );
  tree.image("big/app", "latest", [
    tree.blob(bytes("faults/streamed", 300_000)),
    tree.blob(bytes("faults/large", 900_000)),
  ]);
  return tree;
}

/** Names in the fault tree that tests single out. */
export const named = (() => {
  const folder = scratchFolder("tree-");
  const tree = registry(folder);
  const found = [...expectedObjects(folder)];
  const bySize = (size: number) => found.find(([, content]) => content.length === size)?.[0] ?? "";
  return {
    streamed: bySize(300_000),
    large: bySize(900_000),
    smallBlob: bySize(1777),
    tag: "files/docker/registry/v2/repositories/team-0/app/_manifests/tags/v0/current/link",
    files: tree.files,
  };
})();
/** Path on the volume of an object. */
export const onVolume = (root: string, object: string) => join(root, object.replace(/^files\//, ""));

export class Stage {
  private constructor(
    readonly root: string,
    readonly standin: SwiftStandin,
    readonly proxy: FaultProxy,
  ) {}

  static async start(options: StandinOptions = {}): Promise<Stage> {
    const root = scratchFolder("volume-");
    registry(root);
    const standin = await SwiftStandin.start(options);
    standin.container(container);
    const proxy = await FaultProxy.start(standin.authUrl, standin.account);
    return new Stage(root, standin, proxy);
  }

  async stop(): Promise<void> {
    await this.proxy.down();
    await this.standin.stop();
    cleanUp();
  }

  /** Adds so many small images. */
  addImages(count: number): void {
    const tree = new RegistryTree(this.root);
    for (let n = 0; n < count; n += 1)
      tree.image(`more/app-${n}`, "latest", [tree.blob(bytes(`more/${n}`, 500 + n))], `more-${n}`);
  }

  settings(rest: Partial<MoverSettings> = {}): MoverSettings {
    return testSettings(
      standinCloud(this.standin),
      { mode: "finish", root: this.root, container, largeObjectThreshold: threshold, segmentSize, ...rest },
      this.proxy.authUrl,
    );
  }

  run(rest: Partial<MoverSettings> = {}, options: RunOptions = {}): Promise<Run> {
    return runMover(this.settings(rest), options);
  }

  /** Differences between volume and container, as a reader would see them. */
  differences(): string[] {
    return differences(expectedObjects(this.root), standinObjects(this.standin, container).objects);
  }

  /** What no run may leave, however it ended. */
  harm(): string[] {
    const { objects } = standinObjects(this.standin, container);
    return [...wrongUnderRightName(objects), ...dangling(objects, expectedObjects(this.root))];
  }

  segments(): string[] {
    return standinObjects(this.standin, container).segments;
  }

  /** Names that were PUT and accepted, in order. */
  puts(): string[] {
    return this.standin.log
      .filter(({ method, status, path }) => method === "PUT" && status === 201 && path.split("/").length > 4)
      .map(({ path }) => path.split("/").slice(4).join("/"));
  }
}

/** The run ended well and what it says it proved is so. */
export function expectProven(stage: Stage, run: Run): void {
  expect({ end: run.end, message: run.report?.message, noise: run.noise }).toEqual({
    end: "ok",
    message: undefined,
    noise: [],
  });
  expect(run.report).toMatchObject({ outcome: "ok", exitCode: 0, proven: true });
  expect(run.report?.source).toEqual(run.report?.target);
  expect(stage.differences()).toEqual([]);
  expect(stage.segments()).toHaveLength(4);
}

/** The run ended with that exit code, one line that says why and what next, and no harm done. */
export function expectFailed(stage: Stage, run: Run, end: string, message: RegExp): void {
  expect({ end: run.end, noise: run.noise, message: run.report?.message }).toMatchObject({
    end,
    noise: [],
    message: expect.stringMatching(message),
  });
  expect(run.report?.message).not.toMatch(/\n/);
  expect(run.report).toMatchObject({
    outcome: end === "interrupted" ? "interrupted" : "failed",
    proven: false,
  });
  expect(stage.harm()).toEqual([]);
}

/** Proven, or one of those failures: where the moment of the fault decides which of them is right. */
export function expectProvenOr(stage: Stage, run: Run, ends: readonly string[]): void {
  if (run.end === "ok") expectProven(stage, run);
  else {
    expect(ends).toContain(run.end);
    if (run.end === "signal") expect(stage.harm()).toEqual([]);
    else expectFailed(stage, run, run.end, /./);
  }
}

/** Ended well; what it claims is not looked at. */
export function expectOk(run: Run): void {
  expect({ end: run.end, message: run.report?.message }).toEqual({ end: "ok", message: undefined });
}
