/**
 * The migration Pod as data: pure functions make its settings and its spec from the plan. Name, namespace, label, volumes
 * and mounts are those of OpenShift's installer documentation ("Migrate the Image Registry from Cinder to Swift"); it has
 * fewer rights.
 */
import type * as kubernetes from "@pulumi/kubernetes/types/input";
import { podPaths } from "../cluster/cloud/cloud";
import { besideRegistry, type Placement } from "../cluster/registry/placement";
import { identityForMover, type Pass, specHash } from "../cluster/mover/identity";
import { holdsCredentials } from "../cluster/mover/pod-proxy";
import type { Witness } from "../cluster/journal/journal";
import type { PodResources } from "../config/config";
import { exitCodes, moverEnvironment, type Mode, type MoverSettings } from "../migrator/contract";
import type { CloudSettings } from "../swift/settings";
import type { CopyPlan } from "../plan/types";
import {
  attemptAnnotation,
  codeConfigMap,
  metricsPort,
  registryAddress,
  moverApp,
  requiredScc,
  settingsAnnotation,
  settingsNames,
  shardLabel,
  specHashAnnotation,
  trustedCaName,
} from "../cluster/names";
import { defined } from "../swift/defined";

const modes: Readonly<Record<Pass, Mode>> = { shards: "copy", live: "copy", final: "finish", back: "back" };

/**
 * Longer than any restart of the registry takes: 80 s, and as long again where its node is slow. The live copy may go on
 * for days with nobody there to stop it.
 */
const makeWay = { ...registryAddress, seconds: 300 };

/** Everything that a migration Pod is made from. */
export interface MoverInputs {
  readonly copy: CopyPlan;
  readonly container: string;
  /** final, back: the seal's witness. */
  readonly witness?: Witness;
  readonly image: string;
  readonly scc: "restricted-v2" | "anyuid";
  readonly resources: PodResources;
  /** Where the registry's Pods may run, or what the config says instead. */
  readonly placement: Placement;
  readonly transfers: number;
  readonly verify: "size" | "full";
  readonly corruptBlobs: "fail" | "skip";
  readonly allowDelete: boolean;
  /** Serves how far it is. */
  readonly metrics: boolean;
  /** Credentials by reference to the mounted secret, never by value. */
  readonly cloud: CloudSettings;
  readonly secretName: string;
  readonly proxy?: { readonly http?: string; readonly https?: string; readonly no?: string };
  /**
   * First UID and group of the namespace, which SCC admission would set as well. On a cluster without it nothing else
   * does.
   */
  readonly ids: { readonly uid?: number; readonly group?: number };
  /** SHA-256 of the mover's bundle and of the CA: a changed mover or CA makes another Pod. */
  readonly filesHash: string;
}

/** The mover's settings, as the Pod reads them. */
export function moverSettings(inputs: MoverInputs): MoverSettings {
  const { copy, witness } = inputs;
  return {
    mode: modes[copy.pass],
    root: mountPaths.volume,
    container: inputs.container,
    cloud: { ...inputs.cloud, ...proxySettings(inputs.proxy) },
    transfers: inputs.transfers,
    ...(copy.shards === undefined || copy.shards.done.length === 0 ? {} : { doneShards: copy.shards.done }),
    verify: inputs.verify,
    corruptBlobs: inputs.corruptBlobs,
    ...(copy.pass === "final" ? { allowDelete: inputs.allowDelete } : {}),
    ...(copy.pass === "live" && copy.besideRegistry ? { makeWay } : {}),
    ...(inputs.metrics ? { metricsPort: metricsPort.number } : {}),
    terminationLog: "/dev/termination-log",
    context: identityForMover({
      claimUid: copy.claimUid,
      run: copy.run,
      ...defined({ witness }),
    }),
  };
}

function proxySettings(proxy: MoverInputs["proxy"]): Pick<CloudSettings, "proxy"> {
  if (proxy === undefined || (proxy.http === undefined && proxy.https === undefined)) return {};
  const no = (proxy.no ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  return {
    proxy: {
      ...defined({ http: proxy.http, https: proxy.https }),
      ...(no.length === 0 ? {} : { no }),
    },
  };
}

/** Identifies the Pod: an existing Pod with the same hash is simply waited for. */
export function moverSpecHash(inputs: MoverInputs): string {
  const { shards } = inputs.copy;
  const spec = shards === undefined ? podSpec(inputs) : jobSpec(inputs, shards.count);
  return specHash([spec, moverSettings(inputs), inputs.filesHash, inputs.copy.attempt]);
}

const mountPaths = { volume: "/files", code: "/opt/image-registry-migration" } as const;

/** File names in the Pod. */
export const moverFile = "migrator.js";
export const settingsFile = "settings.json";
export const caFile = "cloud-ca.pem";

/**
 * The Secret with a Pod's settings, when the proxy's address holds a password (invariant 8). Otherwise they are an
 * annotation of the Pod itself: one object less in each run, and a shorter type in the table of `pulumi up`.
 */
export function secretSettings(inputs: Pick<MoverInputs, "copy" | "proxy">): string | undefined {
  return holdsCredentials(inputs.proxy) ? settingsNames[inputs.copy.pass] : undefined;
}

/** The settings as the Pod's file has them. */
export function settingsText(inputs: MoverInputs): string {
  return `${JSON.stringify(moverSettings(inputs), undefined, 2)}\n`;
}

/** Settings as an annotation of the Pod that mounts them; none where they are a Secret. */
export function settingsAnnotations(inputs: MoverInputs): Record<string, string> {
  return secretSettings(inputs) === undefined ? { [settingsAnnotation]: settingsText(inputs) } : {};
}

/** Annotations of the Pod or Job: how SCC admission treats it, and how Pulumi waits for it. */
export function podAnnotations(inputs: MoverInputs): Record<string, string> {
  return {
    [requiredScc]: inputs.scc,
    // Create returns at once and delete is awaited; a step of its own waits for what the Pod does.
    "pulumi.com/waitFor": "jsonpath={.metadata.uid}",
    // When the Pulumi state is lost, the Pod may exist already.
    "pulumi.com/patchForce": "true",
    [attemptAnnotation]: String(inputs.copy.attempt),
    [specHashAnnotation]: moverSpecHash(inputs),
  };
}

/** What a Pod's spec is made from: nothing that becomes known only during the run. */
export type PodInputs = Pick<
  MoverInputs,
  "copy" | "image" | "scc" | "resources" | "placement" | "metrics" | "secretName" | "proxy" | "ids"
>;

export function podSpec(inputs: PodInputs): kubernetes.core.v1.PodSpec {
  const { copy } = inputs;
  const readOnly = copy.pass !== "back";
  return {
    restartPolicy: "OnFailure",
    serviceAccountName: "default",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(inputs),
    ...placed(copy, inputs.placement),
    containers: [
      {
        name: "migrate-ir",
        image: inputs.image,
        imagePullPolicy: "IfNotPresent",
        command: [
          "node",
          `${mountPaths.code}/${moverFile}`,
          "--settings",
          `${podPaths.config}/${settingsFile}`,
          // Kubernetes gives each Pod of an Indexed Job its index, and puts it in here.
          ...(copy.shards === undefined ? [] : ["--shard", `$(JOB_COMPLETION_INDEX)/${copy.shards.count}`]),
        ],
        env: Object.entries(moverEnvironment).map(([name, value]) => ({ name, value })),
        ...(inputs.metrics
          ? { ports: [{ name: metricsPort.name, containerPort: metricsPort.number, protocol: "TCP" }] }
          : {}),
        resources: { requests: { ...inputs.resources.requests }, limits: { ...inputs.resources.limits } },
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "FallbackToLogsOnError",
        securityContext: containerSecurity(inputs.scc),
        volumeMounts: [
          { name: "old-registry", mountPath: mountPaths.volume, readOnly },
          { name: "openstack", mountPath: podPaths.credentials, readOnly: true },
          { name: "code", mountPath: mountPaths.code, readOnly: true },
          { name: "settings", mountPath: podPaths.config, readOnly: true },
          { name: "trusted-ca", mountPath: podPaths.trustedCa, readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [
      { name: "old-registry", persistentVolumeClaim: { claimName: copy.claim, readOnly: false } },
      { name: "openstack", secret: { secretName: inputs.secretName } },
      { name: "code", configMap: { name: codeConfigMap } },
      settingsVolume(inputs),
      { name: "trusted-ca", configMap: { name: trustedCaName, optional: true } },
      { name: "tmp", emptyDir: {} },
    ],
  };
}

/** How often a shard is tried again by itself; its Pods wait longer each time. */
const triesPerShard = 6;

/**
 * One Pod for each shard, spread over the nodes. One that ended in a way that passes by itself is followed by another; for
 * good, by the mover's own table: none. A drain's or an eviction's does not count. All go as far as they can.
 * `annotations`: of its Pods, besides their own.
 */
export function jobSpec(
  inputs: PodInputs,
  count: number,
  annotations: Readonly<Record<string, string>> = {},
): kubernetes.batch.v1.JobSpec {
  const permanent = Object.entries(exitCodes).flatMap(([code, one]) => (one.permanent ? [Number(code)] : []));
  const labels = { app: moverApp };
  return {
    completions: count,
    parallelism: count,
    completionMode: "Indexed",
    backoffLimitPerIndex: triesPerShard,
    podReplacementPolicy: "Failed",
    podFailurePolicy: {
      rules: [
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        { action: "FailIndex", onExitCodes: { operator: "In", values: permanent } },
      ],
    },
    template: {
      metadata: {
        labels: { ...labels, [shardLabel]: "true" },
        annotations: { [requiredScc]: inputs.scc, ...annotations },
      },
      spec: {
        ...podSpec(inputs),
        restartPolicy: "Never",
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "kubernetes.io/hostname",
            whenUnsatisfiable: "ScheduleAnyway",
            labelSelector: { matchLabels: { [shardLabel]: "true" } },
          },
        ],
      },
    },
  };
}

function settingsVolume(inputs: Pick<MoverInputs, "copy" | "proxy">): kubernetes.core.v1.Volume {
  const secretName = secretSettings(inputs);
  if (secretName !== undefined) return { name: "settings", secret: { secretName } };
  const fieldPath = `metadata.annotations['${settingsAnnotation}']`;
  return {
    name: "settings",
    projected: {
      sources: [
        { downwardAPI: { items: [{ path: settingsFile, fieldRef: { fieldPath } }] } },
        { configMap: { name: codeConfigMap, items: [{ key: caFile, path: caFile }], optional: true } },
      ],
    },
  };
}

/** Where the Pod may run. The lists and objects are copies, because the types of a Pod are not readonly. */
function placed(copy: CopyPlan, placement: Placement): Partial<kubernetes.core.v1.PodSpec> {
  if (copy.besideRegistry) {
    return besideRegistry(placement);
  }
  const { nodeSelector, tolerations, priorityClassName } = placement;
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations === undefined ? {} : { tolerations: [...tolerations] }),
    ...defined({ priorityClassName }),
  };
}

/**
 * restricted-v2: as registry Pods, with the namespace's own IDs, which SCC admission would set as well.
 * anyuid: root, for volumes whose files belong to other users.
 */
function podSecurity(inputs: Pick<MoverInputs, "scc" | "ids">): kubernetes.core.v1.PodSecurityContext {
  const { uid, group } = inputs.ids;
  const common = {
    // Otherwise the kubelet changes the group of every file at each start, which takes minutes on a large volume.
    fsGroupChangePolicy: "OnRootMismatch",
    ...defined({ fsGroup: group }),
  };
  // anyuid names no seccomp profile, and SCC admission refuses whatever profile such a Pod asks for ("Forbidden:
  // seccomp may not be set", OpenShift's seccomp validation); the node's default holds then.
  if (inputs.scc === "anyuid") return { ...common, runAsUser: 0 };
  return {
    ...common,
    seccompProfile: { type: "RuntimeDefault" },
    runAsNonRoot: true,
    ...defined({ runAsUser: uid }),
  };
}

/**
 * anyuid lets a Pod drop capabilities but not add any, not even one that it has by default. So these are dropped from the
 * runtime's default set, and what is left is what root needs here: read, write and chown other users' files.
 */
const droppedForRoot = [
  "AUDIT_WRITE",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
];

function containerSecurity(scc: MoverInputs["scc"]): kubernetes.core.v1.SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    ...(scc === "anyuid"
      ? { capabilities: { drop: droppedForRoot } }
      : { runAsNonRoot: true, capabilities: { drop: ["ALL"] } }),
  };
}
