/**
 * Invariant 4: any `up` can be interrupted anywhere and run again, or aborted. Each case goes to a point of the way,
 * kills one of those at work there, then takes the way on or back, then goes the whole way once more; the images of
 * before must pull by digest every time.
 */
import { holds } from "../support/expect";
import { paths } from "../support/kube";
import { tail, until, type Running } from "../support/process";
import type { Scenario } from "../support/scenario";
import type { Stack } from "../support/pulumi";
import type { World } from "../support/world";

type Victim = "cli" | "pod" | "operator";
type After = "same up again" | "abort" | "switch" | "migrate";

interface Point {
  readonly state: "live" | "migrate" | "switch" | "abort";
  readonly name: string;
  /** True from the moment the point is reached. */
  readonly reached: (world: World) => Promise<boolean>;
  readonly victims: readonly Victim[];
  /**
   * What may follow instead of the same (an abort, for a point of an abort): on Swift still, the switch is finished; on
   * the volume again, a migration begins anew. The other one is refused there, by `already-on-swift` and `stale-proof`.
   */
  readonly otherwise?: After;
}

const pod = async (world: World, name: RegExp, phase?: RegExp): Promise<boolean> =>
  (await world.kube.list(paths.pods)).some(
    (p) => name.test(p.metadata.name) && (phase === undefined || phase.test(p.status?.phase ?? "")),
  );

const points: readonly Point[] = [
  {
    state: "live",
    name: "journal made",
    reached: async (w) => (await w.journal()) !== undefined,
    victims: ["cli", "operator"],
  },
  {
    state: "live",
    name: "live Pod made",
    reached: (w) => pod(w, /^image-registry-migration-live/),
    victims: ["cli", "pod"],
  },
  {
    state: "migrate",
    name: "seal in the journal",
    reached: async (w) => (await w.journal())?.seal !== undefined,
    victims: ["cli", "operator"],
  },
  {
    state: "migrate",
    name: "read-only patch sent",
    reached: async (w) => (await w.config()).readOnly === true,
    victims: ["cli", "operator"],
  },
  {
    state: "migrate",
    name: "read-only Pod made",
    reached: async (w) => (await w.registryPods()).some((p) => p.env.readOnly),
    victims: ["cli", "operator"],
  },
  {
    state: "migrate",
    name: "final Pod made",
    reached: (w) => pod(w, /^image-registry-migration$/),
    victims: ["cli", "pod", "operator"],
  },
  {
    state: "migrate",
    name: "final Pod done",
    reached: (w) => pod(w, /^image-registry-migration$/, /Succeeded/),
    victims: ["cli", "pod"],
  },
  {
    state: "switch",
    name: "storage patch sent",
    reached: async (w) => (await w.config()).storage?.swift !== undefined,
    victims: ["cli", "operator"],
  },
  {
    state: "switch",
    name: "template on Swift",
    reached: async (w) => (await w.liveTemplate()).storage === "swift",
    victims: ["cli", "operator"],
  },
  {
    state: "switch",
    name: "pull check running",
    reached: (w) => pod(w, /pull|check/),
    victims: ["cli", "pod"],
  },
  {
    state: "switch",
    name: "opening sent",
    reached: async (w) => {
      const config = await w.config();
      return config.storage?.swift !== undefined && config.readOnly !== true;
    },
    victims: ["cli", "operator"],
  },
  {
    state: "abort",
    name: "sealed again",
    reached: async (w) => (await w.config()).readOnly === true,
    victims: ["cli", "operator"],
    otherwise: "switch",
  },
  {
    state: "abort",
    name: "back Pod made",
    reached: (w) => pod(w, /^image-registry-migration-back/),
    victims: ["cli", "pod"],
    otherwise: "switch",
  },
  {
    state: "abort",
    name: "storage patch back sent",
    reached: async (w) => (await w.config()).storage?.pvc !== undefined,
    victims: ["cli", "operator"],
    otherwise: "migrate",
  },
  {
    state: "abort",
    name: "template on the volume",
    reached: async (w) => (await w.liveTemplate()).storage === "filesystem",
    victims: ["cli", "operator"],
    otherwise: "migrate",
  },
];

export interface Case {
  readonly point: Point;
  readonly victim: Victim;
  readonly after: After;
}

/** Every case there is. */
export function allCases(): Case[] {
  return points.flatMap((point) =>
    point.victims.flatMap((victim) => afters(point, victim).map((after) => ({ point, victim, after }))),
  );
}

function afters(point: Point, victim: Victim): readonly After[] {
  // In abort, "the same up again" is an abort.
  if (point.state !== "abort") return ["same up again", "abort"];
  // Another way on once for each point: what it finds does not depend on who was killed.
  return point.otherwise === undefined || victim !== "cli"
    ? ["same up again"]
    : ["same up again", point.otherwise];
}

function nameOf(one: Case): string {
  return `invariant 4: ${one.point.state}, ${one.point.name}: ${one.victim} killed, then ${one.after}`;
}

function chosen(every: readonly Case[], { all, cases, seed }: World["choice"]): readonly Case[] {
  if (cases !== undefined) return every.filter((one) => new RegExp(cases).test(nameOf(one)));
  return all ? every : sample(every, seed, 4);
}

/** A sample that the seed decides: one case of each state, and each victim at least once. */
export function sample(cases: readonly Case[], seed: number, size: number): Case[] {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const left = [...cases];
  const taken: Case[] = [];
  const missing = new Set<string>(["migrate", "switch", "abort", "cli", "pod", "operator"]);
  while (taken.length < size && left.length > 0) {
    const adds = (c: Case): number => Number(missing.has(c.point.state)) + Number(missing.has(c.victim));
    const most = Math.max(...left.map(adds));
    const pool = left.filter((c) => adds(c) === most);
    const one = pool[Math.floor(next() * pool.length)]!;
    left.splice(left.indexOf(one), 1);
    missing.delete(one.point.state);
    missing.delete(one.victim);
    taken.push(one);
  }
  return taken;
}

async function kill(world: World, victim: Victim, up: Running, one: Case): Promise<void> {
  switch (victim) {
    case "cli":
      up.kill("SIGKILL");
      await up.ended;
      return;
    case "operator":
      await world.lab.killOperator();
      await world.lab.ensureOperator();
      return;
    case "pod": {
      const name = one.point.state === "switch" ? /pull|check/ : /^image-registry-migration/;
      const pods = (await world.kube.list(paths.pods)).filter((p) => name.test(p.metadata.name));
      for (const p of pods) await world.kube.remove(paths.pod(p.metadata.name), 0);
    }
  }
}

/** What a run must be configured with to be in the point's state, from a registry that is on its volume. */
async function bringTo(stack: Stack, world: World, state: Point["state"]): Promise<void> {
  stack.configure({ state: "migrate", readOnly: state === "live" ? false : undefined });
  if (state === "live" || state === "migrate") return;
  await stack.up();
  stack.configure({ state: "switch" });
  if (state === "switch") return;
  await stack.up();
  await world.onSwift();
  stack.configure({ state: "abort" });
}

/** Answers the stack of a registry on Swift. */
async function runCase(world: World, one: Case, onSwift: Stack | undefined): Promise<Stack> {
  const stack = onSwift ?? (await world.stack());
  if (onSwift === undefined) await bringTo(stack, world, one.point.state);
  else stack.configure({ state: "abort" });
  const up = stack.beginUp();
  await until(
    `the point "${one.point.name}"`,
    async () => {
      if (await one.point.reached(world)) return true;
      if (up.child.exitCode !== null)
        throw new Error(`up ended before the point "${one.point.name}" was seen:\n${tail(up.output())}`);
      return false;
    },
    { everyMs: 50, seconds: 240 },
  );
  await kill(world, one.victim, up, one);
  const ended = await up.ended;
  if (one.victim !== "operator" && ended.code !== 0) await stack.cancel();
  if (one.after !== "same up again") stack.configure({ state: one.after, readOnly: undefined });
  await stack.up();
  const state = one.after === "same up again" ? one.point.state : one.after;
  if (state === "abort") await world.onVolume();
  if (state === "switch") await world.onSwift();
  if (one.after === "migrate") await world.assertSealed();
  await world.pullAll();
  if ((await world.config()).storage.swift === undefined) {
    await stack.configure({ state: "migrate", readOnly: undefined }).up();
    await world.assertSealed();
    await stack.configure({ state: "switch" }).up();
  }
  await world.onSwift();
  await world.pullAll();
  holds("a push works", await world.registry.writable());
  return stack;
}

export const interruptions: Scenario = {
  name: "interruptions",
  title: "SIGKILL of the CLI, a Pod or the operator, anywhere on the way",
  run: async (t) => {
    const { world } = t;
    const every = allCases();
    const cases = chosen(every, world.choice);
    console.log(
      `  ${cases.length} of ${every.length} cases, seed ${world.choice.seed}${cases.length < every.length ? "; all of them run under npm run test:e2e -- --all" : ""}`,
    );
    let failed = 0;
    let onSwift: Stack | undefined;
    for (const one of cases) {
      try {
        // A case ends on Swift, which is where an abort begins.
        await t.test(nameOf(one), async () => {
          const from = one.point.state === "abort" ? onSwift : undefined;
          onSwift = undefined;
          if (from === undefined) await world.reset();
          onSwift = await runCase(world, one, from);
        });
      } catch {
        // One case's failure says nothing about the next: that one starts afresh.
        failed++;
      }
    }
    if (failed > 0) console.log(`  ${failed} of ${cases.length} cases failed`);
  },
};
