/** The puller's Pod, its order (a Secret: a proxy's address may hold a password) and its NetworkPolicy. Pure. */
import { namespace, pullCheckName, requiredScc } from "../names";
import type { Placement } from "../registry/placement";
import { pullerScript } from "./script";
import { defined } from "../../swift/defined";

const labels = { app: pullCheckName };
const orderPath = "/etc/pull-check";
const tokenPath = "/var/run/secrets/pull-check";

/** Where the Pod finds the token of its own ServiceAccount. */
export const tokenFile = `${tokenPath}/token`;

/** The kubelet renews it while the Pod runs; an hour is the shortest that every release takes. */
const tokenSeconds = 3600;

/** Owned by the Pod: whatever ends the Pod, also without this program, takes the order with it. */
export function pullCheckSecret(order: string, podUid: string): object {
  const owner = { apiVersion: "v1", kind: "Pod", name: pullCheckName, uid: podUid };
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: pullCheckName, namespace, labels, ownerReferences: [owner] },
    stringData: { "order.json": order },
  };
}

/** The namespace denies everything by default since OpenShift 4.22. */
export function pullCheckNetworkPolicy(): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: pullCheckName, namespace, labels },
    spec: { podSelector: { matchLabels: labels }, policyTypes: ["Ingress", "Egress"], egress: [{}] },
  };
}

export interface PullCheckPod {
  readonly image: string;
  /** First of the namespace's UIDs and groups, where no SCC admission fills them in. */
  readonly uid?: number;
  readonly group?: number;
  readonly timeoutSeconds: number;
  /** ServiceAccount it pulls as; absent: the namespace's own, and no token. */
  readonly account?: string;
  /** Where the registry's own Pods may run: what can be reached from there is what counts. */
  readonly placement?: Placement;
  /** What the namespace's default ServiceAccount pulls images with: the migration Pods run with it. */
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

/** What lets it go to a node, once its order is there. */
export const letGo = { spec: { schedulingGates: null } };

/**
 * It is held before it gets a node (a scheduling gate; OpenShift before 4.14 knows none): its node would look for its
 * order at once, and after not having found it only seconds later, with the registry read-only.
 */
export function pullCheckPod(settings: PullCheckPod): object {
  const { account, imagePullSecrets = [], placement = {} } = settings;
  const { nodeSelector, tolerations, priorityClassName } = placement;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: pullCheckName, namespace, labels, annotations: { [requiredScc]: "restricted-v2" } },
    spec: {
      restartPolicy: "Never",
      schedulingGates: [{ name: `${pullCheckName}/order` }],
      ...defined({ nodeSelector, tolerations, priorityClassName, serviceAccountName: account }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(imagePullSecrets.length === 0 ? {} : { imagePullSecrets }),
      activeDeadlineSeconds: settings.timeoutSeconds,
      terminationGracePeriodSeconds: 5,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
        ...defined({ runAsUser: settings.uid, fsGroup: settings.group }),
      },
      containers: [containerOf(settings)],
      volumes: [
        { name: "order", secret: { secretName: pullCheckName } },
        ...(account === undefined ? [] : [tokenVolume]),
      ],
    },
  };
}

const tokenVolume = {
  name: "token",
  projected: { sources: [{ serviceAccountToken: { path: "token", expirationSeconds: tokenSeconds } }] },
};

function containerOf({ image, account }: PullCheckPod): object {
  return {
    name: "pull-check",
    image,
    // The migration Pod has just run with it, so nodes have it; the registry that it comes from may be the one that is
    // being moved.
    imagePullPolicy: "IfNotPresent",
    command: ["node", "-e", pullerScript(), `${orderPath}/order.json`],
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    resources: { requests: { cpu: "10m", memory: "64Mi" } },
    volumeMounts: [
      { name: "order", mountPath: orderPath, readOnly: true },
      ...(account === undefined ? [] : [{ name: "token", mountPath: tokenPath, readOnly: true }]),
    ],
  };
}
