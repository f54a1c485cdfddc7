/**
 * Reads the stack's configuration into one typed, readonly value, a union on `state`, and reports all problems together.
 * Descriptions and defaults of the keys are in Pulumi.yaml.
 */
import * as pulumi from "@pulumi/pulumi";
import { Fields, nearest, type Problem } from "./fields";
import { readNodeSelector, readTolerations, type Toleration } from "./placement";
import { type PodResources, readResources } from "./resources";
import { defined } from "../swift/defined";

export type { PodResources } from "./resources";

/** Name of the project, which is also the namespace of its configuration. */
const projectName = "image-registry-swift";

/** Settings of every state. Times are in seconds. */
export interface CommonSettings {
  /** `organization/project/stack`: identifies the stack that a run belongs to. */
  readonly stack: string;
  /** An existing container; `undefined`: the journal's, else a new one. */
  readonly container?: string;
  /** The claim's name; `undefined`: the one that the registry uses or used. */
  readonly claim?: string;
  readonly seal: "rolling" | "recreate";
  readonly scc: "restricted-v2" | "anyuid";
  readonly migratorImage: string;
  readonly transfers: number;
  readonly resources: PodResources;
  /** Instead of the registry's own, for Pods that need not be on its node. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly verify: "size" | "full";
  readonly corruptBlobs: "fail" | "skip";
  /** The migration Pods serve how far they are, for Prometheus. */
  readonly metrics: boolean;
  readonly rolloutTimeout: number;
  /** 0: no limit. */
  readonly copyDeadline: number;
  /** How long a node may work on a migration Pod's start. */
  readonly startTimeout: number;
  /** Whether the end of a run writes the report into a file. */
  readonly report: boolean;
  /** The stack whose unfinished migration this one continues. */
  readonly takeOver?: string;
  /** `kubernetes:kubeconfig` (path or content) and `kubernetes:context`. */
  readonly kubernetes: { readonly kubeconfig?: string; readonly context?: string };
  /** `openstack:*`: how this workstation reaches the cloud, where it differs from the cluster. May hold secrets. */
  readonly openstack: Readonly<Record<string, string>>;
}

export interface MigrateSettings extends CommonSettings {
  readonly state: "migrate";
  /** false: copy while the registry stays writable. */
  readonly readOnly: boolean;
  /** A new value copies again. */
  readonly pass: string;
  /** Parts in which the live copy is made at the same time; 1: one Pod. */
  readonly shards: number;
  /** false: a live copy with `readOnly: false` is not waited for. */
  readonly wait: boolean;
  readonly allowDelete: boolean;
  /** After each live copy a registry on Swift is tried with so many images; 0: it is only started. Absent: no rehearsal. */
  readonly rehearse?: number;
}

export interface SwitchSettings extends CommonSettings {
  readonly state: "switch";
  /** `undefined`: two if two nodes can take them, else one; never fewer than before. */
  readonly replicas?: number;
  /** Manifests to pull before opening; 0: no check. */
  readonly pullCheck: number;
  readonly releaseVolumeClaim: boolean;
}

export interface AbortSettings extends CommonSettings {
  readonly state: "abort";
  readonly copyBack: boolean;
  readonly acceptLoss: boolean;
  /** Before the registry goes back, so many images are pulled from the volume. Absent: none. */
  readonly rehearse?: number;
}

export type Settings = MigrateSettings | SwitchSettings | AbortSettings;

/** Settings, or every problem of the configuration. */
export type Parsed =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const defaultImage = "registry.access.redhat.com/ubi9/nodejs-22-minimal:latest";

/** Every key of the namespace; a test holds this against Pulumi.yaml. */
export const keys = [
  "state",
  "readOnly",
  "pass",
  "wait",
  "shards",
  "container",
  "claim",
  "replicas",
  "seal",
  "scc",
  "migratorImage",
  "transfers",
  "resources",
  "nodeSelector",
  "tolerations",
  "verify",
  "corruptBlobs",
  "metrics",
  "allowDelete",
  "pullCheck",
  "rehearse",
  "copyBack",
  "acceptLoss",
  "releaseVolumeClaim",
  "rolloutTimeout",
  "copyDeadline",
  "startTimeout",
  "report",
  "takeOver",
] as const;

/**
 * Reads the configuration of the stack that runs.
 * Throws one RunError that lists every problem.
 */
export function readSettings(): Settings {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const parsed = parseSettings(pulumi.runtime.allConfig(), stack);
  if (!parsed.ok) throw new pulumi.RunError(showProblems(parsed.problems, pulumi.getStack()));
  return parsed.settings;
}

/** The same without Pulumi: `config` has full keys, `<namespace>:<key>`. */
export function parseSettings(config: Readonly<Record<string, string>>, stack: string): Parsed {
  const fields = new Fields(namespaced(config, projectName));
  reportUnknownKeys(fields, config);
  const state = fields.choice("state", ["migrate", "switch", "abort"], undefined);
  const common = readCommon(fields, config, stack);
  const settings = readState(fields, common, state);
  if (settings === undefined || fields.problems.length > 0) return { ok: false, problems: fields.problems };
  return { ok: true, settings };
}

/** One line per problem: key, what is wrong with its value, what is accepted, the next command. */
export function showProblems(problems: readonly Problem[], stack: string): string {
  const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
  const lines = problems.map((each) => {
    const command = each.command === undefined ? "" : `; next: ${each.command}`;
    return `  ${each.key} ${each.wrong}; accepted: ${each.accepted}${command}`;
  });
  return [`The configuration of stack ${stack} has ${count}:`, ...lines].join("\n");
}

function readCommon(fields: Fields, config: Readonly<Record<string, string>>, stack: string): CommonSettings {
  const optional = {
    container: fields.matching(
      "container",
      /^(?!\.{1,2}$)[^/\s?#%\p{Cc}]{1,256}$/u,
      "a container's name: up to 256 characters, none of / ? # % or blanks",
    ),
    claim: fields.matching(
      "claim",
      /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
      "a claim's name: lower-case letters, digits, - and .",
    ),
    nodeSelector: readNodeSelector(fields),
    tolerations: readTolerations(fields),
    takeOver: fields.matching(
      "takeOver",
      /^[^/\s]+\/[^/\s]+\/[^/\s]+$/,
      "organization/project/stack, as the message about the other stack names it",
    ),
  };
  return {
    stack,
    ...defined(optional),
    seal: fields.choice("seal", ["rolling", "recreate"], "rolling") ?? "rolling",
    scc: fields.choice("scc", ["restricted-v2", "anyuid"], "restricted-v2") ?? "restricted-v2",
    migratorImage:
      fields.matching("migratorImage", /^[^\s]+$/, "an image's name without blanks") ?? defaultImage,
    transfers: fields.integer("transfers", 1, 256, 32),
    resources: readResources(fields),
    verify: fields.choice("verify", ["size", "full"], "size") ?? "size",
    corruptBlobs: fields.choice("corruptBlobs", ["fail", "skip"], "fail") ?? "fail",
    metrics: fields.flag("metrics", false),
    rolloutTimeout: fields.duration("rolloutTimeout", 10, 86_400, 900),
    copyDeadline: fields.duration("copyDeadline", 60, 31 * 86_400, 0),
    startTimeout: fields.duration("startTimeout", 60, 86_400, 7200),
    report: fields.flag("report", true),
    kubernetes: readKubernetes(config),
    openstack: namespaced(config, "openstack"),
  };
}

function readState(
  fields: Fields,
  common: CommonSettings,
  state: Settings["state"] | undefined,
): Settings | undefined {
  // All are read whatever the state: a wrong value is told now, and not only once its state is entered.
  const readOnly = fields.flag("readOnly", true);
  const pass =
    fields.matching("pass", /^[\w.:+-]{1,63}$/, "a word of up to 63 letters, digits and . : + - _") ?? "1";
  const wait = fields.flag("wait", true);
  const shards = fields.integer("shards", 1, 64, 1);
  const allowDelete = fields.flag("allowDelete", false);
  const rehearse = fields.flag("rehearse", true);
  const replicas = fields.integer("replicas", 0, 10, 0);
  const pullCheck = fields.integer("pullCheck", 0, 1000, 20);
  const releaseVolumeClaim = fields.flag("releaseVolumeClaim", false);
  const copyBack = fields.flag("copyBack", true);
  const acceptLoss = fields.flag("acceptLoss", false);
  switch (state) {
    case "migrate":
      if (releaseVolumeClaim) {
        fields.add("releaseVolumeClaim", "is true in state migrate", "true in state switch only", "false");
      }
      // The Job controller makes the Pods, so what SCC admission asks about is the namespace's default account.
      if (shards > 1 && common.scc === "anyuid") {
        fields.add(
          "scc",
          `is anyuid with shards ${shards}`,
          "restricted-v2 with more than one shard",
          "restricted-v2",
        );
      }
      return {
        ...common,
        state,
        readOnly,
        pass,
        wait,
        shards,
        allowDelete,
        ...(rehearse ? { rehearse: pullCheck } : {}),
      };
    case "switch":
      if (releaseVolumeClaim && pullCheck === 0) {
        const accepted =
          "1 to 1000 with releaseVolumeClaim: the claim goes only after images were pulled from Swift";
        fields.add("pullCheck", "is 0", accepted, "20");
      }
      return { ...common, state, pullCheck, releaseVolumeClaim, ...(replicas === 0 ? {} : { replicas }) };
    case "abort":
      return {
        ...common,
        state,
        copyBack,
        acceptLoss,
        ...(rehearse && pullCheck > 0 ? { rehearse: pullCheck } : {}),
      };
    case undefined:
      return undefined;
  }
}

function reportUnknownKeys(fields: Fields, config: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(namespaced(config, projectName))) {
    if (keys.some((known) => known === key)) continue;
    const meant = nearest(key, keys);
    fields.problems.push({
      key,
      wrong:
        meant === undefined ? "is not a key of this program" : `is not a key of this program (${meant} is)`,
      accepted: meant ?? keys.join(", "),
      command: `pulumi config rm ${key}`,
    });
  }
}

function readKubernetes(config: Readonly<Record<string, string>>): CommonSettings["kubernetes"] {
  const { kubeconfig, context } = namespaced(config, "kubernetes");
  return defined({ kubeconfig, context });
}

function namespaced(config: Readonly<Record<string, string>>, namespace: string): Record<string, string> {
  const prefix = `${namespace}:`;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}
