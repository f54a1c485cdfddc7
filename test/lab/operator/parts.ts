/** The registry operator as a part of the lab: the real one where it can be had, else the stand-in. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Api } from "../kube/api";
import { pkiFiles } from "../kube/pki";
import { PartError, type Part } from "../part";
import { processPart, type ProcessOptions } from "../process";
import { images } from "../registry/images";
import { labPaths, labPorts, type LabSettings } from "../settings";
import { annotations } from "./deployment";
import { releaseOf, type Release } from "./release";
import { namespace } from "./types";
import { typescript } from "../../../scripts/node";

const realName = "cluster-image-registry-operator";

/** Path of the real operator, or undefined where it is not on PATH. */
function findRealOperator(path = process.env["PATH"] ?? ""): string | undefined {
  return path
    .split(delimiter)
    .map((dir) => join(dir, realName))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false; // not here
      }
    });
}

/** Which one these settings mean. Short delays are the stand-in's alone: the real one has them compiled in. */
export function operatorKind(settings: LabSettings): "real" | "stand-in" {
  if (settings.operator !== "auto") return settings.operator;
  return !settings.fast && findRealOperator() !== undefined ? "real" : "stand-in";
}

export const operatorPartName = "registry-operator";

export function operatorPart(settings: LabSettings): Part {
  return operatorKind(settings) === "real" ? realOperator(settings) : standIn(settings);
}

function standIn(settings: LabSettings): Part {
  const api = join(__dirname, "..", "kube", "api.ts");
  const sources = readdirSync(__dirname)
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(__dirname, name));
  return processPart({
    ...common(settings),
    command: [process.execPath, ...typescript, join(__dirname, "main.ts")],
    env: {
      KUBECONFIG_FILE: labPaths(settings).kubeconfig,
      IMAGE: settings.registry === "plain" ? images.plainRegistry : images.registry,
      RELEASE: settings.release,
      FAST: String(settings.fast),
    },
    fingerprint: [...sources, api].map((file) => readFileSync(file, "utf8")).join("\n"),
  });
}

function common(settings: LabSettings): Pick<ProcessOptions, "name" | "run" | "logs" | "ready" | "deadline"> {
  const { run, log, kubeconfig } = labPaths(settings);
  const { version } = releaseOf(settings.release);
  return {
    name: operatorPartName,
    run,
    logs: log,
    deadline: 90,
    ready: async () => {
      const deployment = await new Api(kubeconfig).get("apps/v1", "Deployment", "image-registry", namespace);
      if (deployment === undefined) throw new Error("it has not made Deployment image-registry yet");
      // One of another release rolls the registry: whoever waits for that must not see the Deployment from before.
      if (deployment.metadata.annotations?.[annotations.version] !== version)
        throw new Error(`it has not made Deployment image-registry one of ${version} yet`);
    },
  };
}

/**
 * Flags that tell the real operator where its cluster is, of those that its own help text names: it ends with "unknown
 * flag" at one that its release does not know.
 */
export function flagsKnown(helpText: string): readonly string[] {
  return ["kubeconfig", "config"].filter((name) =>
    new RegExp(`^\\s+(-\\w, )?--${name}\\b`, "m").test(helpText),
  );
}

/** Why this is not the operator of that release; `undefined`: it may be. Its version is not compiled into every build. */
export function otherRelease(known: readonly string[], release: Release): string | undefined {
  if (known.join() === release.flags.join()) return undefined;
  const is = known.includes("config")
    ? "4.22 or later"
    : known.includes("kubeconfig")
      ? "4.16 to 4.21"
      : "4.12 to 4.15";
  return `${realName} on PATH is of release ${is} by its flags, the lab of ${release.name}; --release says which it is`;
}

function helpOf(command: string): string {
  return execFileSync(command, ["--help"], { encoding: "utf8", env: {}, timeout: 30_000 });
}

/**
 * The real one, as an ordinary process, of any release from 4.12 on: `--kubeconfig` came with 4.16 (before: the variable
 * KUBECONFIG), `--config` with 4.22. Its certificate's path is compiled in (/etc/secrets): it sees an /etc of its
 * own with that folder in it, so that this machine's stays as it is and two labs do not meet there.
 */
function realOperator(settings: LabSettings): Part {
  const command = findRealOperator();
  const etc = join(settings.dir, "operator", "etc");
  const config = join(settings.dir, "operator", "config.json");
  const { kubeconfig } = labPaths(settings);
  const release = releaseOf(settings.release);
  const { version } = release;
  const known = command === undefined ? release.flags : flagsKnown(helpOf(command));
  const address = { host: "127.0.0.1", port: labPorts(settings).operatorMetrics };
  const part = processPart({
    ...common(settings),
    command: [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount -t overlay overlay -o "lowerdir=$0:/etc" /etc && exec "$@"',
      etc,
      command ?? realName,
      ...(known.includes("kubeconfig") ? [`--kubeconfig=${kubeconfig}`] : []),
      ...(known.includes("config") ? [`--config=${config}`] : []),
    ],
    env: {
      ...(known.includes("kubeconfig") ? {} : { KUBECONFIG: kubeconfig }),
      RELEASE_VERSION: version,
      // Must be a version that featuregate/cluster speaks of in its status.
      OPERATOR_IMAGE_VERSION: version,
      IMAGE: settings.registry === "plain" ? images.plainRegistry : images.registry,
      IMAGE_PRUNER: images.registry,
      OPERATOR_IMAGE: images.registry,
      WATCH_NAMESPACE: namespace,
      OPERATOR_NAME: realName,
      POD_NAME: "lab",
      // Without it one of its controllers says Degraded; on OpenStack nothing is written there.
      AZURE_ENVIRONMENT_FILEPATH: join(settings.dir, "operator", "azurestackcloud.json"),
    },
    // Without `--config` it serves nothing there.
    listens: known.includes("config") ? [address] : [],
  });
  return {
    ...part,
    async start() {
      if (command === undefined)
        throw new PartError(
          operatorPartName,
          `${realName} is not on PATH; \`--operator stand-in\` does without it`,
        );
      const other = otherRelease(known, release);
      if (other !== undefined) throw new PartError(operatorPartName, other);
      const files = pkiFiles(settings);
      mkdirSync(join(etc, "secrets"), { recursive: true });
      writeFileSync(join(etc, "secrets", "tls.crt"), readFileSync(files.registryCert));
      writeFileSync(join(etc, "secrets", "tls.key"), readFileSync(files.registryKey), { mode: 0o600 });
      writeFileSync(
        config,
        JSON.stringify({
          apiVersion: "config.openshift.io/v1",
          kind: "GenericControllerConfig",
          servingInfo: { bindAddress: `${address.host}:${address.port}` },
        }),
      );
      // One that was killed holds its lease for minutes; there is one operator per lab, so nobody else can hold it.
      if ((await part.status()).state !== "running")
        await new Api(labPaths(settings).kubeconfig).delete(
          "coordination.k8s.io/v1",
          "Lease",
          "openshift-master-controllers",
          namespace,
        );
      await part.start();
    },
  };
}
