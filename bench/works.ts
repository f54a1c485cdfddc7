/** The works that are measured, each a function of the same stage. Each row has its goal. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MoverEvent, Report } from "../migrator/contract";
import type { Account, TestCloud } from "../test/migrator/support/cloud";
import { cachedTree, type CachedTree, type TreeName } from "../test/migrator/trees/cache";
import { tagPath } from "../test/migrator/trees/registry";
import { find, mover, rclone, swiftUpload } from "./clients";
import { measure, type Command, type Cost } from "./measure";
import { best, row, type Row } from "./rows";
import { container, startStandin } from "./standin";
import { typescript } from "../scripts/node";

export interface Stage {
  readonly cloud: TestCloud;
  readonly account: Account;
  /** Makes a fresh container; all are removed at the end. */
  fresh(name: string): Promise<string>;
  /** Measures, says so, and keeps the figures for the table of runs. */
  run(work: string, client: string, command: Command): Promise<Cost>;
  say(line: string): void;
}

export const works: Readonly<Record<string, (stage: Stage) => Promise<Row[]>>> = {
  small,
  large,
  listing,
  sparse,
};

/** The report, and that it is a proof: a figure of a run that failed would be worth nothing. */
function proven(cost: Cost): Report {
  const done = cost.output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as MoverEvent)
    .find((event) => event.event === "done");
  if (done?.event !== "done" || !done.report.proven)
    throw new Error(`the run proved nothing:\n${cost.output.slice(-1500)}`);
  return done.report;
}

async function small(stage: Stage): Promise<Row[]> {
  const tree = cachedTree("small");
  const ours = await stage.fresh("small-ours");
  const theirs = await stage.fresh("small-rclone");
  const seeds = await stage.fresh("small-swift");
  const { cloud } = stage;
  const first = await stage.run(
    "small, first pass",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours }),
  );
  proven(first);
  const rcloneFirst = await stage.run(
    "small, first pass",
    "rclone copy",
    rclone(cloud, "copy", tree.root, theirs),
  );
  const swiftFirst = await stage.run(
    "small, first pass",
    "swift upload",
    swiftUpload(cloud, tree.root, seeds),
  );
  const peers = { "rclone copy": rcloneFirst, "swift upload": swiftFirst };
  const by = (what: "cpu" | "wall") =>
    best(Object.entries(peers).map(([who, cost]) => ({ who, value: cost[what] })));

  const again = await stage.run(
    "small, nothing changed",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours }),
  );
  const untouched = proven(again);
  if (untouched.copied.objects !== 0) throw new Error("the second run copied something");
  const size = await stage.run(
    "small, nothing changed",
    "rclone sync --fast-list --size-only",
    rclone(cloud, "sync", tree.root, theirs, "--fast-list", "--size-only"),
  );

  const checksum = await stage.run(
    "small, nothing changed",
    "rclone sync --fast-list --checksum",
    rclone(cloud, "sync", tree.root, theirs, "--fast-list", "--checksum"),
  );
  const missed = await movedTag(stage, tree, ours, theirs);
  const rate = by("wall");
  return [
    row("small, first pass: client CPU", "s", first.cpu, by("cpu").value, by("cpu").who, { atMost: 10 }),
    row("small, first pass: wall (as many PUT/s)", "s", first.wall, rate.value, rate.who, { ratio: 1 }),
    row("small, nothing changed: wall", "s", again.wall, size.wall, "rclone --fast-list --size-only", {
      atMost: 2.2,
    }),
    row("small, nothing changed: client CPU", "s", again.cpu, size.cpu, "rclone --fast-list --size-only", {
      atMost: 1.2,
    }),
    row(
      "small, nothing changed: wall, moved tags found",
      "s",
      again.wall,
      checksum.wall,
      "rclone --fast-list --checksum",
      { ratio: 0.5 },
    ),
    row(
      "small: moved tags missed",
      "tags",
      missed.ours,
      Math.max(1, missed.rclone),
      "rclone --fast-list --size-only",
      { atMost: 0 },
    ),
  ];
}

/** Moves one tag (same size, other content) and looks whether each client's second run found it. */
async function movedTag(
  stage: Stage,
  tree: CachedTree,
  ours: string,
  theirs: string,
): Promise<{ ours: number; rclone: number }> {
  const [from, to] = [tree.images[0], tree.images[1]];
  if (from === undefined || to === undefined) throw new Error("the tree has no images");
  const path = tagPath(from.repository, from.tag);
  const link = join(tree.root, path);
  const moved = `sha256:${to.manifest.hex}`;
  const before = readFileSync(link);
  writeFileSync(link, moved);
  try {
    const settings = { mode: "finish", root: tree.root, container: ours } as const;
    proven(await stage.run("small, one tag moved", "mover (finish)", mover(stage.cloud, settings)));
    await stage.run(
      "small, one tag moved",
      "rclone sync --fast-list --size-only",
      rclone(stage.cloud, "sync", tree.root, theirs, "--fast-list", "--size-only"),
    );
  } finally {
    // The tree is shared with every later run.
    writeFileSync(link, before);
  }
  const stale = async (container: string) => {
    const { body } = await stage.account.send("GET", `/${container}/files/${path}`);
    return body.toString() === moved ? 0 : 1;
  };
  const missed = { ours: await stale(ours), rclone: await stale(theirs) };
  stage.say(`one tag moved; missed by the mover: ${missed.ours}, by rclone --size-only: ${missed.rclone}`);
  return missed;
}

async function large(stage: Stage): Promise<Row[]> {
  const tree = cachedTree("large");
  const { cloud } = stage;
  const ours = await stage.fresh("large-ours");
  const first = await stage.run(
    "large, first pass",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours }),
  );
  proven(first);
  const again = await stage.run(
    "large, nothing changed",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours }),
  );
  proven(again);
  const full = await stage.run(
    "large, verify: full",
    "mover (finish)",
    mover(cloud, { mode: "finish", root: tree.root, container: ours, verify: "full" }),
  );
  proven(full);
  const hash = await stage.run("large, sha256 and MD5 alone", "node", {
    command: process.execPath,
    args: [...typescript, resolve("bench/hash-only.ts"), join(tree.root, "docker")],
    cwd: resolve("."),
  });
  await stage.account.remove(ours);

  const theirs = await stage.fresh("large-rclone");
  const rcloneFirst = await stage.run(
    "large, first pass",
    "rclone copy",
    rclone(cloud, "copy", tree.root, theirs),
  );
  const size = await stage.run(
    "large, nothing changed",
    "rclone sync --fast-list --size-only",
    rclone(cloud, "sync", tree.root, theirs, "--fast-list", "--size-only"),
  );
  await stage.account.remove(theirs);

  const seeds = await stage.fresh("large-swift");
  const swiftFirst = await stage.run(
    "large, first pass",
    "swift upload",
    swiftUpload(cloud, tree.root, seeds),
  );
  const skip = await stage.run(
    "large, nothing changed",
    "swift upload --skip-identical",
    swiftUpload(cloud, tree.root, seeds, "--skip-identical"),
  );
  await stage.account.remove(seeds);
  const cpu = best([
    { who: "rclone copy", value: rcloneFirst.cpu },
    { who: "swift upload", value: swiftFirst.cpu },
  ]);
  const still = best([
    { who: "rclone --fast-list --size-only", value: size.wall },
    { who: "swift upload --skip-identical", value: skip.wall },
  ]);
  return [
    row(
      "large, first pass: client CPU with sha256 and MD5",
      "s",
      first.cpu,
      cpu.value,
      `${cpu.who} (no sha256)`,
      { atMost: 12 },
    ),
    row("large, nothing changed: wall", "s", again.wall, still.value, still.who, { atMost: 0.5 }),
    row("large, verify: full: client CPU", "s", full.cpu, hash.cpu, "sha256 and MD5 alone", { ratio: 1.2 }),
  ];
}

/** A million names that have not changed, against a listing that costs Swift nothing. */
async function listing(stage: Stage): Promise<Row[]> {
  const costs: Partial<Record<TreeName, Cost & { readonly objects: number }>> = {};
  for (const name of ["hundred-thousand", "million"] as const) {
    const tree = cachedTree(name);
    const standin = await startStandin(tree.index);
    try {
      const command = mover(standin.cloud, { mode: "finish", root: tree.root, container });
      // Once to bring the folders into memory: what a disk takes to find them says nothing of the client.
      proven(await measure(command));
      const cost = await stage.run(`${name}, nothing changed`, "mover (finish)", command);
      const report = proven(cost);
      if (report.copied.objects !== 0) throw new Error("something was copied");
      costs[name] = { ...cost, objects: tree.files };
    } finally {
      standin.stop();
    }
  }
  const walk = await stage.run("million, sizes of all files", "find", find(cachedTree("million").root));
  const [less, more] = [costs["hundred-thousand"], costs.million];
  if (less === undefined || more === undefined) throw new Error("nothing was measured");
  const mb = 1_000_000;
  return [
    row("1,000,000 objects, nothing changed: peak RSS", "MB", more.memory / mb, 150, "limit", {
      atMost: 150,
    }),
    row(
      "1,000,000 objects: peak RSS beside 100,000",
      "MB",
      more.memory / mb,
      less.memory / mb,
      "mover, 100,000 objects",
      { ratio: 1.1 },
    ),
    row(
      "1,000,000 objects, nothing changed: client CPU an object",
      "us",
      (more.cpu / more.objects) * 1e6,
      (walk.cpu / more.objects) * 1e6,
      "find -size (walks, compares nothing)",
      { atMost: 10 },
    ),
  ];
}

/** 20 GiB in one blob, and in eighty: to a stand-in that hashes and forgets, because no lab holds that. */
async function sparse(stage: Stage): Promise<Row[]> {
  const costs: Partial<Record<TreeName, Cost>> = {};
  for (const name of ["sparse-many", "sparse-one"] as const) {
    const tree = cachedTree(name);
    const standin = await startStandin();
    try {
      const cost = await stage.run(
        `20 GiB, ${name}`,
        "mover (finish)",
        mover(standin.cloud, { mode: "finish", root: tree.root, container }),
      );
      proven(cost);
      costs[name] = cost;
    } finally {
      standin.stop();
    }
  }
  const [many, one] = [costs["sparse-many"], costs["sparse-one"]];
  if (many === undefined || one === undefined) throw new Error("nothing was measured");
  const mb = 1_000_000;
  return [
    row("one 20 GiB blob: wall", "s", one.wall, many.wall, "mover, the same bytes in 80 blobs", {
      ratio: 1.05,
    }),
    row(
      "one 20 GiB blob: peak RSS",
      "MB",
      one.memory / mb,
      many.memory / mb,
      "mover, the same bytes in 80 blobs",
      { ratio: 1.1 },
    ),
  ];
}
