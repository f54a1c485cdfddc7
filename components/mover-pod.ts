/**
 * The migration Pod as data: its settings and its spec, made by pure functions from what was decided. The Pod is the
 * one of OpenShift's installer documentation ("Migrate the Image Registry from Cinder to Swift") in name, namespace,
 * label, volumes and mounts, with fewer rights.
 */
import type * as kubernetes from "@pulumi/kubernetes/types/input";
import { podPaths } from "../cluster/cloud/cloud";
import { besideTheRegistry } from "../cluster/registry/patch";
import { identityForMover, type Pass, specHash } from "../cluster/mover/identity";
import { holdsCredentials } from "../cluster/mover/pod-proxy";
import type { Witness } from "../cluster/journal/journal";
import type { PodResources } from "../config/config";
import type { Mode, MoverSettings } from "../migrator/contract";
import type { CloudSettings } from "../swift/settings";
import type { CopyPlan } from "../plan/types";
import {
  attemptAnnotation,
  codeConfigMap,
  requiredScc,
  settingsNames,
  specHashAnnotation,
  trustedCaName,
} from "../cluster/names";

const modes: Readonly<Record<Pass, Mode>> = { live: "copy", final: "finish", back: "back" };

/** Everything a migration Pod is made from, decided and plain. */
export interface MoverInputs {
  readonly copy: CopyPlan;
  readonly container: string;
  /** final, back: what the seal answered. */
  readonly witness?: Witness;
  readonly image: string;
  readonly scc: "restricted-v2" | "anyuid";
  readonly resources: PodResources;
  readonly transfers: number;
  readonly verify: "size" | "full";
  readonly corruptBlobs: "fail" | "skip";
  readonly allowDelete: boolean;
  /** Credentials by reference to the mounted secret, never by value. */
  readonly cloud: CloudSettings;
  readonly secretName: string;
  readonly proxy?: { readonly http?: string; readonly https?: string; readonly no?: string };
  /** First UID and group of the namespace; where SCC admission is missing nobody else fills them in. */
  readonly ids: { readonly uid?: number; readonly group?: number };
  /** SHA-256 of the mover's bundle and of the CA, so that another mover makes another Pod. */
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
    verify: inputs.verify,
    corruptBlobs: inputs.corruptBlobs,
    ...(copy.pass === "final" ? { allowDelete: inputs.allowDelete } : {}),
    terminationLog: "/dev/termination-log",
    context: identityForMover({
      claimUid: copy.claimUid,
      run: copy.run,
      ...(witness === undefined ? {} : { witness }),
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
      ...(proxy.http === undefined ? {} : { http: proxy.http }),
      ...(proxy.https === undefined ? {} : { https: proxy.https }),
      ...(no.length === 0 ? {} : { no }),
    },
  };
}

/** What tells this Pod from another one: equal hashes mean that a Pod that is there may simply be waited for. */
export function moverSpecHash(inputs: MoverInputs): string {
  return specHash([podSpec(inputs), moverSettings(inputs), inputs.filesHash, inputs.copy.attempt]);
}

const mountPaths = { volume: "/files", code: "/opt/image-registry-migration" } as const;

/** Where the mover lies in the Pod, and what it is given. */
export const moverFile = "migrator.js";
export const settingsFile = "settings.json";
export const caFile = "cloud-ca.pem";

/** Where a Pod's settings are: a ConfigMap, or a Secret where the proxy's address holds a password (invariant 8). */
export function settingsOf(inputs: Pick<MoverInputs, "copy" | "proxy">): {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
} {
  const kind = holdsCredentials(inputs.proxy) ? "Secret" : "ConfigMap";
  return { kind, name: settingsNames[inputs.copy.pass] };
}

/** Annotations of the Pod: how SCC admission treats it, and how Pulumi waits for it. */
export function podAnnotations(inputs: MoverInputs): Record<string, string> {
  return {
    [requiredScc]: inputs.scc,
    // Create returns at once, delete is awaited; what the Pod does is waited for by a step of its own.
    "pulumi.com/waitFor": "jsonpath={.metadata.uid}",
    // With the Pulumi state lost the Pod may be there already.
    "pulumi.com/patchForce": "true",
    [attemptAnnotation]: String(inputs.copy.attempt),
    [specHashAnnotation]: moverSpecHash(inputs),
  };
}

/** The Pod's spec; depends on nothing that is only known while the run goes on. */
export function podSpec(inputs: Omit<MoverInputs, "container" | "witness">): kubernetes.core.v1.PodSpec {
  const { copy } = inputs;
  const readOnly = copy.pass !== "back";
  return {
    restartPolicy: "OnFailure",
    serviceAccountName: "default",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(inputs),
    ...(copy.besideRegistry ? onItsNode : {}),
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
        ],
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

function settingsVolume(inputs: Pick<MoverInputs, "copy" | "proxy">): kubernetes.core.v1.Volume {
  const { kind, name } = settingsOf(inputs);
  const source = kind === "Secret" ? { secret: { secretName: name } } : { configMap: { name } };
  return { name: "settings", ...source };
}

/** On the node of the registry's Pod: the volume is attached there and nowhere else. */
const onItsNode = {
  affinity: besideTheRegistry,
  // The registry may tolerate taints of its node that are not ours to know; beside it is the only place there is.
  tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
};

/**
 * restricted-v2: as registry Pods are, with the namespace's own IDs, which admission would fill in as well.
 * anyuid: root, for volumes whose files belong to others.
 */
function podSecurity(inputs: Pick<MoverInputs, "scc" | "ids">): kubernetes.core.v1.PodSecurityContext {
  const { uid, group } = inputs.ids;
  const common = {
    // A volume with many files takes minutes otherwise, on every start.
    fsGroupChangePolicy: "OnRootMismatch",
    ...(group === undefined ? {} : { fsGroup: group }),
  };
  // anyuid names no seccomp profile, and SCC admission refuses whatever profile such a Pod asks for ("Forbidden:
  // seccomp may not be set", OpenShift's seccomp validation); the node's default holds then.
  if (inputs.scc === "anyuid") return { ...common, runAsUser: 0 };
  return {
    ...common,
    seccompProfile: { type: "RuntimeDefault" },
    runAsNonRoot: true,
    ...(uid === undefined ? {} : { runAsUser: uid }),
  };
}

/**
 * anyuid lets a Pod drop capabilities but add none, not even one it would have: so what root needs here (reading and
 * writing other users' files, giving them their owner) is what is left over from the runtime's own set.
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
