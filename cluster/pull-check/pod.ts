/** The pull check's Pod, its order (a Secret: it may hold tokens) and its NetworkPolicy. Pure. */
import { pullerScript } from "./script";
import { namespace, pullCheckName, requiredScc } from "../names";

const labels = { app: pullCheckName };
const orderPath = "/etc/pull-check";

/** Owned by the Pod: whatever ends the Pod, also without this program, takes the tokens with it. */
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
}

export function pullCheckPod(settings: PullCheckPod): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pullCheckName,
      namespace,
      labels,
      annotations: { [requiredScc]: "restricted-v2" },
    },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: settings.timeoutSeconds,
      terminationGracePeriodSeconds: 5,
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
        ...(settings.uid === undefined ? {} : { runAsUser: settings.uid }),
        ...(settings.group === undefined ? {} : { fsGroup: settings.group }),
      },
      containers: [
        {
          name: "pull-check",
          image: settings.image,
          command: ["node", "-e", pullerScript(), `${orderPath}/order.json`],
          terminationMessagePolicy: "FallbackToLogsOnError",
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          resources: { requests: { cpu: "10m", memory: "64Mi" } },
          volumeMounts: [{ name: "order", mountPath: orderPath, readOnly: true }],
        },
      ],
      volumes: [{ name: "order", secret: { secretName: pullCheckName } }],
    },
  };
}
