/**
 * A registry Pod on Swift, read-only, made from the Deployment's own template with another storage. It runs what the
 * registry will run after the switch (image, command, service account, TLS, trust, proxy, limits, tolerations), so
 * what it can serve the registry will serve. Pure.
 */
import type { SwiftEnvironment } from "../cloud/operator-env";
import { namespace, nodeTrust, requiredScc } from "../names";
import { defined } from "../../swift/defined";

/** A Pod template as the API server has it. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What is different from the template. */
export interface OnSwift {
  readonly name: string;
  /** Labels; none that the registry's Service selects by where it must not send requests to this Pod. */
  readonly labels: Readonly<Record<string, string>>;
  /** Secret with the values of `environment.secret`, by variable, and key `storage-ca.pem`. */
  readonly secretName: string;
  readonly environment: SwiftEnvironment;
  /** Seconds after which the kubelet ends the Pod, even when the run that made it is gone. */
  readonly seconds: number;
  /** First of the namespace's UIDs, where no SCC admission fills it in. */
  readonly uid?: number;
}

type Values = Readonly<Record<string, unknown>>;
interface Variable {
  readonly name: string;
}

/** Key of the Secret with what the operator would add to the registry's trust for Swift. */
const storageCaKey = "storage-ca.pem";

/** Variables of the template that stay, because they do not belong to its storage. */
const kept = /^REGISTRY_STORAGE_(CACHE|DELETE|REDIRECT)_/;

/** The Pod; `undefined` when the template has no container. */
export function registryOnSwift(template: PodTemplate, { name, ...on }: OnSwift): object | undefined {
  const { affinity: _a, topologySpreadConstraints: _t, ...spec } = template.spec;
  const containers = listOf(spec["containers"]);
  const container = containers.find((each) => each["name"] === "registry") ?? containers[0];
  if (container === undefined) {
    return undefined;
  }
  const volumes = listOf(spec["volumes"]);
  const claims = new Set(
    volumes.filter((each) => each["persistentVolumeClaim"] !== undefined).map((each) => each["name"]),
  );
  const pod = (spec["securityContext"] ?? {}) as Values;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: on.labels, annotations: { [requiredScc]: "restricted-v2" } },
    spec: {
      ...spec,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 5,
      activeDeadlineSeconds: on.seconds,
      securityContext: {
        ...pod,
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
        ...defined({ runAsUser: on.uid }),
      },
      containers: [onSwift(container, claims, on)],
      volumes: volumes
        .filter((each) => !claims.has(each["name"]))
        .map((each) => withStorageCa(each, on.secretName)),
    },
  };
}

function onSwift(container: Values, claims: ReadonlySet<unknown>, on: Omit<OnSwift, "name">): object {
  const { livenessProbe: _l, lifecycle: _c, startupProbe: _s, ...rest } = container;
  const env = (listOf(container["env"]) as unknown as readonly Variable[]).filter(
    (each) => !each.name.startsWith("REGISTRY_STORAGE") || kept.test(each.name),
  );
  return {
    ...rest,
    env: [
      ...env,
      ...Object.entries(on.environment.plain).map(([name, value]) => ({ name, value })),
      ...Object.keys(on.environment.secret).map((name) => ({
        name,
        valueFrom: { secretKeyRef: { name: on.secretName, key: name } },
      })),
      { name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" },
    ],
    volumeMounts: listOf(container["volumeMounts"]).filter((each) => !claims.has(each["name"])),
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: {
      ...(container["securityContext"] as Values | undefined),
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
  };
}

/**
 * The operator adds the cloud's CA to the registry's trust only when the registry is on Swift, so this Pod gets it
 * separately.
 */
function withStorageCa(volume: Values, secretName: string): Values {
  const { configMap, ...rest } = volume as { configMap?: { readonly name?: string } & Values };
  if (configMap?.name !== nodeTrust) {
    return volume;
  }
  return {
    ...rest,
    projected: {
      sources: [
        { configMap: { name: nodeTrust, optional: true } },
        { secret: { name: secretName, items: [{ key: storageCaKey, path: storageCaKey }], optional: true } },
      ],
    },
  };
}

/** Credentials and CA; owned by the Pod, so that whatever ends the Pod takes them with it. */
export function swiftSecret(
  { name, labels, secretName, environment }: Pick<OnSwift, "name" | "labels" | "secretName" | "environment">,
  storageCa: string | undefined,
  podUid: string,
): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: secretName,
      namespace,
      labels,
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid: podUid }],
    },
    stringData: {
      ...environment.secret,
      ...(storageCa === undefined || storageCa.trim() === "" ? {} : { [storageCaKey]: storageCa }),
    },
  };
}

function listOf(value: unknown): readonly Values[] {
  return Array.isArray(value) ? (value as Values[]) : [];
}
