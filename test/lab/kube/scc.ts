import type { KubeObject } from "./api";

/**
 * Stands in for OpenShift's SCC admission (`restricted-v2`), for the operator's Pods alone: its Deployment leaves to it
 * what Pod Security's profile `restricted` asks for. The program's Pods are not touched: they stand for themselves.
 *
 * @param uid first of the namespace's range
 */
export function sccAdmission(namespace: string, uid: number): KubeObject[] {
  const apiVersion = "admissionregistration.k8s.io/v1beta1";
  const name = "lab-restricted-v2";
  return [
    {
      apiVersion,
      kind: "MutatingAdmissionPolicy",
      metadata: { name },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
          ],
        },
        matchConditions: [
          {
            name: "of-the-operator",
            expression:
              'has(object.spec.serviceAccountName) && object.spec.serviceAccountName in ["registry", "pruner"]',
          },
        ],
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patches(uid) } }],
      },
    },
    {
      apiVersion,
      kind: "MutatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name },
    },
  ];
}

/** Where a Pod says nothing, the SCC's own values; each of these Pods has one container. */
const patches = (uid: number): string => `
  (has(object.spec.securityContext) ? [] : [JSONPatch{op: "add", path: "/spec/securityContext", value: Object.spec.securityContext{}}]) +
  (has(object.spec.containers[0].securityContext) ? [] : [JSONPatch{op: "add", path: "/spec/containers/0/securityContext", value: Object.spec.containers.securityContext{}}]) +
  [
    JSONPatch{op: "add", path: "/spec/securityContext/runAsNonRoot", value: true},
    JSONPatch{op: "add", path: "/spec/securityContext/seccompProfile", value: Object.spec.securityContext.seccompProfile{type: "RuntimeDefault"}},
    JSONPatch{op: "add", path: "/spec/containers/0/securityContext/runAsUser", value: ${uid}},
    JSONPatch{op: "add", path: "/spec/containers/0/securityContext/allowPrivilegeEscalation", value: false},
    JSONPatch{op: "add", path: "/spec/containers/0/securityContext/capabilities", value: Object.spec.containers.securityContext.capabilities{drop: ["ALL"]}}
  ]`;
