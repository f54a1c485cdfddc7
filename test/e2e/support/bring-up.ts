/**
 * The suites' own lab, made through the lab's own command in a folder, ports and a network of its own, or one that is
 * there already; read through its record.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { MoverSettings } from "../../../migrator/contract";
import { Api } from "../../lab/kube/api";
import { place } from "../../lab/net/place";
import { readRecord, type LabRecord } from "../../lab/record";
import { goProblems } from "../../lab/go/command";
import { machineProblems } from "../../lab/packages";
import { operatorPart, operatorPartName } from "../../lab/operator/parts";
import { defaults, labPaths } from "../../lab/settings";
import { Kube, paths } from "./kube";
import { cut, join as joinAgain } from "./cut";
import type { Lab } from "./lab";
import { onPath } from "./parts";
import { endProcessesWith, start, tail, until } from "./process";
import { projectRoot } from "./project";
import { seedRecord } from "./seeded";
import { atTermination } from "./termination";
import { typescript } from "../../../scripts/node";

export interface LabWishes {
  readonly folder: string;
  readonly operator: "stand-in" | "real";
  readonly nodes: number;
  /** Release of OpenShift; default: the lab's own. */
  readonly release?: string | undefined;
  /** Keystone and Swift over HTTPS, with a certificate of the lab's own CA. */
  readonly tls?: boolean;
  /** Content of the seed: `small` leaves the 200 MB layer out. */
  readonly seed?: "small" | "whole";
}

/** Why no lab can be brought up on this machine, one sentence each: what the lab itself would end with. */
export function whyNoLab(operator: "stand-in" | "real"): string[] {
  const noOperator =
    operator === "real" && onPath("cluster-image-registry-operator") === undefined
      ? ["--operator real needs cluster-image-registry-operator on PATH"]
      : [];
  return [...machineProblems(), ...goProblems(), ...noOperator];
}

/** Which of the lab's lines are shown. */
type Shown = (line: string) => boolean;
const everyLine: Shown = () => true;
const noLine: Shown = () => false;
/** A part that was there already, and where each of them listens, says nothing to who wants to see the program. */
const whatTakesTime: Shown = (line) => !/\bok$|^ {2}\w+ +https?:/.test(line);

/** One command of the lab, its lines shown as they come. */
async function lab(args: readonly string[], env: NodeJS.ProcessEnv, shown = everyLine): Promise<string> {
  const ended = await start(
    process.execPath,
    [...typescript, join(projectRoot, "test", "lab", "cli.ts"), ...args],
    {
      cwd: projectRoot,
      env: { ...process.env, ...env },
      onLine: (line) => {
        if (shown(line)) console.log(`  lab: ${line}`);
      },
    },
  ).ended;
  if (ended.code !== 0)
    throw new Error(
      `lab ${args.join(" ")}: ${ended.signal ?? `exit code ${ended.code ?? "?"}`}\n${tail(ended.output, 30)}`,
    );
  return ended.output;
}

/**
 * Takes a lab down once, whoever asks first: the end of the suite, its termination, or a bring-up that the termination
 * ended. What still brings it up ends before that and never later: later it would be the taking down itself.
 */
export function onceDown(endBringUp: () => void, down: () => Promise<unknown>): () => Promise<unknown> {
  let gone: Promise<unknown> | undefined;
  return () => {
    if (gone === undefined) {
      endBringUp();
      gone = down();
    }
    return gone;
  };
}

/** Brings up a lab with short delays and seeds it. */
export async function bringUpLab(wishes: LabWishes): Promise<Lab> {
  const { ports, net, release } = await place();
  const env = { LAB_DIR: wishes.folder, LAB_PORT_BASE: String(ports), LAB_NET: net };
  const gone = onceDown(
    // With what it installs or builds; the lab's parts have an environment of their own.
    () => endProcessesWith("LAB_DIR", wishes.folder),
    () => lab(["down", "--wipe"], env, noLine),
  );
  const down = async (): Promise<void> => {
    await gone();
    release();
    staysUp();
  };
  const staysUp = atTermination(down);
  console.log(`lab: ${wishes.folder}, ports from ${ports} on, ${net}`);
  try {
    const parts = ["--nodes", String(wishes.nodes), "--operator", wishes.operator];
    if (wishes.release !== undefined) parts.push("--release", wishes.release);
    await lab(["up", "--fast", "--store", "tmpfs", ...parts, ...(wishes.tls === true ? ["--tls"] : [])], env);
    await lab(["seed", ...((wishes.seed ?? "small") === "small" ? ["--small"] : [])], env);
  } catch (error) {
    await down().catch((e: unknown) => console.log(`lab down: ${String(e)}`));
    throw error;
  }
  return openLab(wishes.folder, down);
}

/** The demo's lab: where `npm run lab` puts it, with the real delays. It stays up. */
export async function bringUpDemoLab(): Promise<string> {
  await lab(["up"], {}, whatTakesTime);
  return process.env["LAB_DIR"] ?? defaults.dir;
}

/** Pushes what the lab's registry is meant to have in it; what is there already costs little. */
export async function seedDemoLab(): Promise<void> {
  await lab(["seed"], {});
}

/** A lab that is up and seeded already; it stays up. */
export function useLab(folder: string): Promise<Lab> {
  return openLab(folder, () => Promise.resolve());
}

async function openLab(folder: string, down: () => Promise<void>): Promise<Lab> {
  const record: LabRecord | undefined = readRecord(folder);
  const { kubernetes, swift } = record ?? {};
  if (record === undefined || kubernetes === undefined || swift === undefined)
    throw new Error(
      `the lab in ${folder} is incomplete; complete it with LAB_DIR=${folder} npm run lab -- up`,
    );
  const clouds = parse(readFileSync(swift.cloudsYaml, "utf8")) as {
    clouds: Record<string, { auth: Record<string, string>; auth_type?: string; cacert?: string }>;
  };
  const cloud = clouds.clouds[swift.cloud];
  if (cloud === undefined) throw new Error(`${swift.cloudsYaml}: no cloud ${swift.cloud}`);
  const operator = operatorPart(record.settings);
  const credential = Object.values(clouds.clouds).find((c) => c.auth_type === "v3applicationcredential");
  const image = migratorImage(kubernetes.images);
  const kubeconfig = readFileSync(kubernetes.kubeconfig, "utf8");
  const secrets = Object.values(clouds.clouds).flatMap(({ auth }) =>
    ["password", "application_credential_secret"].flatMap((key) => auth[key] ?? []),
  );
  return {
    folder,
    kubeconfig: kubernetes.kubeconfig,
    registry: {
      url: record.registry?.url.replace(/\/+$/, "") ?? (await serviceUrl(kubernetes.kubeconfig)),
      token: new Api(kubernetes.kubeconfig).token,
    },
    cloud: {
      auth: cloud.auth,
      auth_type: cloud.auth_type,
      ca:
        cloud.cacert !== undefined && existsSync(cloud.cacert)
          ? readFileSync(cloud.cacert, "utf8")
          : undefined,
    },
    ...(credential === undefined
      ? {}
      : { applicationCredentialClouds: stringify({ clouds: { [swift.cloud]: credential } }) }),
    swiftAddress: new URL(swift.proxy).host,
    infrastructureName: kubernetes.infrastructureName,
    claim: kubernetes.claim,
    volume: kubernetes.volume,
    nodes: kubernetes.nodes.length,
    operator: record.operator?.kind ?? "stand-in",
    release: record.settings.release,
    image,
    stackConfig: {
      "kubernetes:kubeconfig": kubernetes.kubeconfig,
      migratorImage: image,
    },
    secrets: [...new Set(secrets)],
    kubeconfigWithToken: (token) => {
      const file = parse(kubeconfig) as { users: { name: string; user: unknown }[] };
      return stringify({ ...file, users: file.users.map(({ name }) => ({ name, user: { token } })) });
    },
    images: () => Promise.resolve(seedRecord(folder)),
    killOperator: async () => {
      const file = join(labPaths(record.settings).run, `${operatorPartName}.pid.json`);
      const { pid } = JSON.parse(readFileSync(file, "utf8")) as { pid: number };
      process.kill(pid, "SIGKILL");
      await until("the operator to be gone", () => Promise.resolve(!existsSync(`/proc/${pid}`)), {
        everyMs: 50,
      });
    },
    cutSwift: (who = "pods") => cut(record.settings, "swift", who),
    joinSwift: () => joinAgain(record.settings, "swift"),
    cutApiServer: () => cut(record.settings, "api-server", "everybody"),
    joinApiServer: () => joinAgain(record.settings, "api-server"),
    holdKubelets: (node) => {
      const held = kubernetes.nodes.filter(({ name }) => node === undefined || name === node);
      const pids = held.map(({ name }) => {
        const file = join(labPaths(record.settings).run, `kubelet-${name}.pid.json`);
        return (JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid;
      });
      for (const pid of pids) process.kill(pid, "SIGSTOP");
      return () => {
        for (const pid of pids) process.kill(pid, "SIGCONT");
      };
    },
    ensureOperator: () => operator.start(),
    moverSettings: (to, mode, container) => {
      const file = join(to, `mover-${mode}.json`);
      const settings: MoverSettings = {
        mode,
        root: kubernetes.volume,
        container,
        cloud: {
          authUrl: String(cloud.auth["auth_url"]),
          auth: {
            type: "password",
            ...named(cloud.auth),
            secret: { kind: "clouds", path: swift.cloudsYaml, cloud: swift.cloud },
          },
          ...(cloud.cacert === undefined ? {} : { caFiles: [cloud.cacert] }),
        },
      };
      writeFileSync(file, JSON.stringify(settings));
      return file;
    },
    reshaped: async ({ nodes, release }) => {
      if (nodes !== kubernetes.nodes.length || release !== record.settings.release)
        await lab(["up", "--nodes", String(nodes), "--release", release], { LAB_DIR: folder });
      return openLab(folder, down);
    },
    down,
  };
}

/** The registry through its Service's address, which this machine reaches as Pods do. */
async function serviceUrl(kubeconfig: string): Promise<string> {
  const { spec } = await new Kube(kubeconfig).get(paths.service);
  return `https://${spec.clusterIP}:${spec.ports[0].port}`;
}

/** What identifies a user with a password, as the mover's settings name it. */
function named(auth: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const names = {
    username: "username",
    userDomainName: "user_domain_name",
    userDomainId: "user_domain_id",
    projectName: "project_name",
    projectId: "project_id",
    projectDomainName: "project_domain_name",
    projectDomainId: "project_domain_id",
  };
  return Object.fromEntries(
    Object.entries(names).flatMap(([ours, theirs]) =>
      auth[theirs] === undefined ? [] : [[ours, auth[theirs]]],
    ),
  );
}

function migratorImage(images: Readonly<Record<string, string>>): string {
  const image = Object.entries(images).find(([name, image]) =>
    /migrator|nodejs/.test(`${name} ${image}`),
  )?.[1];
  if (image === undefined)
    throw new Error(`the lab has no image for the mover; it has ${Object.keys(images).join(", ")}`);
  return image;
}
