/**
 * A Pod of its own made from the registry Deployment's template: it runs what the registry runs (image, command, service
 * account, TLS, trust, proxy, limits, tolerations). It mounts no claim of the template's and ends by itself. Pure.
 */
import { defined } from "../../swift/defined";
import { namespace, requiredScc } from "../names";
import { registryContainer } from "./registry-container";

/** A Pod template as the API server has it. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What every such Pod has of its own. */
export interface BarePod {
  readonly name: string;
  /** Without `pod-template-hash`: no ReplicaSet adopts it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds after which the kubelet ends the Pod, even when the run that made it is gone. */
  readonly seconds: number;
  /** First of the namespace's UIDs, where no SCC admission fills it in. */
  readonly uid?: number;
}

export type Values = Readonly<Record<string, unknown>>;

/** What a caller changes besides: parts of the Pod's spec, its registry container, each of its volumes, and more. */
export interface Changes {
  readonly spec?: Values;
  readonly container?: (registry: Values) => Values;
  readonly volume?: (volume: Values) => Values;
  /** Volumes beside the template's. */
  readonly volumes?: readonly Values[];
}

/** The Pod; `undefined` when the template has no container. */
export function barePod(template: PodTemplate, own: BarePod, changes: Changes = {}): object | undefined {
  const { affinity: _a, topologySpreadConstraints: _t, ...spec } = template.spec;
  const { container: changed = same, volume = same } = changes;
  const container = registryContainer(listOf(spec["containers"]));
  if (container === undefined) {
    return undefined;
  }
  const volumes = listOf(spec["volumes"]);
  const claims = new Set(
    volumes.filter((each) => each["persistentVolumeClaim"] !== undefined).map((each) => each["name"]),
  );
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: own.name,
      namespace,
      labels: own.labels,
      annotations: { [requiredScc]: "restricted-v2" },
    },
    spec: {
      ...spec,
      restartPolicy: "Never",
      activeDeadlineSeconds: own.seconds,
      ...changes.spec,
      securityContext: {
        ...(spec["securityContext"] as Values | undefined),
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
        ...defined({ runAsUser: own.uid }),
      },
      containers: [changed(confined(container, claims))],
      volumes: [
        ...volumes.filter((each) => !claims.has(each["name"])).map(volume),
        ...(changes.volumes ?? []),
      ],
    },
  };
}

/** Whoever made the Pod watches it: no probe but readiness, which says when it answers. */
function confined(container: Values, claims: ReadonlySet<unknown>): Values {
  const { livenessProbe: _l, startupProbe: _s, ...rest } = container;
  return {
    ...rest,
    volumeMounts: listOf(container["volumeMounts"]).filter((each) => !claims.has(each["name"])),
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: {
      ...(container["securityContext"] as Values | undefined),
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    },
  };
}

export function listOf(value: unknown): readonly Values[] {
  return Array.isArray(value) ? (value as Values[]) : [];
}

function same(value: Values): Values {
  return value;
}
