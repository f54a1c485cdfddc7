/** What a run on real parts needs before it can begin: said first, then built while everything else goes on. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import type { PulumiParts } from "../../e2e/support/parts";
import { cacheRoot, spaceProblems, type Need } from "../cache";
import { goCommand, goEnvironment } from "../go/command";
import { duration } from "../go/progress";
import { ensureCommands, kubernetesPlanned, missingCommands, pinnedKubernetes } from "../kube/commands";
import { ensurePulumi, mayDownload, missingNow } from "./ensure";

type Say = (line: string) => void;

/** What has to be built here, unless it can be downloaded. */
interface Work {
  readonly title: string;
  /** Seconds on two cores from an empty cache. */
  readonly planned: number;
  /** What it adds to Go's build cache, its modules, and the lab's own cache, in GiB. */
  readonly gib: readonly [number, number, number];
  readonly canDownload: boolean;
}

/** As measured from empty caches, generously. */
function work(): Work[] {
  const kubernetes: Work[] =
    missingCommands().length === 0
      ? []
      : [
          {
            title: `Kubernetes ${pinnedKubernetes()}`,
            planned: kubernetesPlanned,
            gib: [2, 1.5, 0.5],
            canDownload: false,
          },
        ];
  const gib = {
    "language-nodejs": [0.3, 0.2, 0.1],
    openstack: [0.7, 0.8, 0.2],
    cli: [1.5, 1.5, 0.2],
    kubernetes: [3, 1, 0.3],
  } as const;
  const engine = missingNow().map(({ name, title, planned }): Work => ({
    title,
    planned,
    gib: gib[name],
    canDownload: true,
  }));
  return [...kubernetes, ...engine].toSorted((a, b) => a.planned - b.planned);
}

/** Seconds that all of it takes here: builds use every core, up to what their longest chains allow. */
function secondsHere(works: readonly Work[]): number {
  const cores = Math.min(8, availableParallelism());
  return (works.reduce((sum, { planned }) => sum + planned, 0) * 2) / cores;
}

function goFolder(name: "GOCACHE" | "GOMODCACHE"): string {
  return execFileSync(goCommand(), ["env", name], {
    cwd: "/",
    encoding: "utf8",
    env: goEnvironment(),
  }).trim();
}

function needsOf(works: readonly Work[]): Need[] {
  const sum = (index: 0 | 1 | 2): number =>
    Math.ceil(works.reduce((total, { gib }) => total + gib[index], 0) * 10) / 10;
  return [
    { what: "Go's build cache", folder: goFolder("GOCACHE"), gib: sum(0) },
    { what: "Go's modules", folder: goFolder("GOMODCACHE"), gib: sum(1) },
    { what: "what is built", folder: cacheRoot(), gib: sum(2) },
  ];
}

/** What will be built, how long that takes, where it lies and how it is removed; empty where nothing is missing. */
export function outlook(works: readonly Work[] = work()): string[] {
  if (works.length === 0) return [];
  const needs = needsOf(works);
  const total = needs.reduce((sum, { gib }) => sum + gib, 0);
  const downloads = works.filter(({ canDownload }) => canDownload);
  return [
    `builds once, from Go modules, about ${duration(secondsHere(works))} on this machine: ${works.map(({ title }) => title).join(", ")}`,
    ...(downloads.length === 0 || !mayDownload()
      ? []
      : [`  (what belongs to Pulumi is downloaded instead where its server answers: a minute)`]),
    `  takes about ${Math.ceil(total)} GiB: ${needs.map(({ folder, gib }) => `${gib} in ${folder}`).join(", ")}`,
    `  to remove it again: npm run lab -- clear-cache && go clean -cache -modcache`,
  ];
}

/** Why it cannot be built here, one line each: the disk. */
export function outlookProblems(works: readonly Work[] = work()): string[] {
  return works.length === 0 ? [] : spaceProblems(needsOf(works));
}

export interface Prepared {
  /** Kubernetes' commands are there: a lab can come up. */
  readonly kubernetes: Promise<void>;
  readonly pulumi: Promise<PulumiParts>;
}

/**
 * Begins to bring everything, one build after another, the lightest first: Kubernetes' commands come before the
 * heaviest of them, so that the lab comes up meanwhile.
 */
export function prepare(say: Say): Prepared {
  let built: (value: Promise<void>) => void = () => undefined;
  const kubernetes = new Promise<void>((resolve) => (built = resolve));
  const pulumi = ensurePulumi(say, [
    {
      planned: kubernetesPlanned,
      build: () => {
        const commands = ensureCommands(say);
        built(commands);
        return commands;
      },
    },
  ]);
  pulumi.catch((error: unknown) =>
    built(Promise.reject(error instanceof Error ? error : new Error(String(error)))),
  );
  kubernetes.catch(() => undefined);
  return { kubernetes, pulumi };
}
