/** Roles about images that OpenShift has from its beginning, and what a project has of them. */
import type { KubeObject } from "./api";

const rbac = "rbac.authorization.k8s.io";
const group = "image.openshift.io";
const puller = "system:image-puller";

/**
 * Cluster-wide. `system:registry` and its binding are the operator's: the real one writes them anew. The lab's registry
 * also lists ImageStreams, and makes the one that a push lacks, which OpenShift's API server does for the pushing user:
 * that is a role of its own, which no operator touches.
 */
export function imageRoles(registryNamespace: string): KubeObject[] {
  const registry = { kind: "ServiceAccount", name: "registry", namespace: registryNamespace };
  return [
    role(puller, [{ resources: ["imagestreams/layers"], verbs: ["get"] }]),
    role("system:image-pusher", [{ resources: ["imagestreams/layers"], verbs: ["get", "update"] }]),
    role("system:registry", [{ resources: ["imagestreams"], verbs: ["get", "update"] }]),
    binding("registry-registry-role", undefined, "system:registry", registry),
    role("lab:registry", [{ resources: ["imagestreams"], verbs: ["list", "create"] }]),
    binding("lab:registry", undefined, "lab:registry", registry),
  ];
}

/** A project: its own accounts may pull what is in it. */
export function projectObjects(name: string): KubeObject[] {
  const group = { kind: "Group", apiGroup: rbac, name: `system:serviceaccounts:${name}` };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    binding("system:image-pullers", name, puller, group),
  ];
}

function role(name: string, rules: readonly { resources: string[]; verbs: string[] }[]): KubeObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRole",
    metadata: { name },
    rules: rules.map((rule) => ({ apiGroups: [group], ...rule })),
  };
}

function binding(name: string, namespace: string | undefined, roleName: string, subject: object): KubeObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: roleName },
    subjects: [subject],
  };
}
