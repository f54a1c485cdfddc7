/** Where the objects are that the program reads and changes. */
import { journalName, namespace, operatorDeployment, pruningCronJob, registryName } from "../names";

const inNamespace = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;

export const paths = {
  registryConfig: "/apis/imageregistry.operator.openshift.io/v1/configs/cluster",
  registryConfigs: "/apis/imageregistry.operator.openshift.io/v1/configs",
  pruner: "/apis/imageregistry.operator.openshift.io/v1/imagepruners/cluster",
  clusterOperator: `/apis/config.openshift.io/v1/clusteroperators/${registryName}`,
  clusterVersion: "/apis/config.openshift.io/v1/clusterversions/version",
  infrastructure: "/apis/config.openshift.io/v1/infrastructures/cluster",
  proxy: "/apis/config.openshift.io/v1/proxies/cluster",
  imageApi: "/apis/image.openshift.io/v1",
  imageStreams: "/apis/image.openshift.io/v1/imagestreams",
  namespace: inNamespace,
  deployment: `${apps}/deployments/${registryName}`,
  operatorDeployment: `${apps}/deployments/${operatorDeployment}`,
  replicaSets: `${apps}/replicasets`,
  pods: `${inNamespace}/pods`,
  pod: (name: string) => `${inNamespace}/pods/${name}`,
  podLog: (name: string) => `${inNamespace}/pods/${name}/log`,
  events: `${inNamespace}/events`,
  claim: (name: string) => `${inNamespace}/persistentvolumeclaims/${name}`,
  volume: (name: string) => `/api/v1/persistentvolumes/${name}`,
  secrets: `${inNamespace}/secrets`,
  secret: (name: string) => `${inNamespace}/secrets/${name}`,
  configMaps: `${inNamespace}/configmaps`,
  configMap: (name: string) => `${inNamespace}/configmaps/${name}`,
  journal: `${inNamespace}/configmaps/${journalName}`,
  cloudProviderConfig: "/api/v1/namespaces/openshift-config/configmaps/cloud-provider-config",
  jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  job: (name: string) => `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
  pruningCronJob: `/apis/batch/v1/namespaces/${namespace}/cronjobs/${pruningCronJob}`,
  networkPolicies: `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`,
  networkPolicy: (name: string) =>
    `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${name}`,
  quotas: `${inNamespace}/resourcequotas`,
  clusterQuotas: `/apis/quota.openshift.io/v1/namespaces/${namespace}/appliedclusterresourcequotas`,
  endpointSlices: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
  nodes: "/api/v1/nodes",
  allPods: "/api/v1/pods",
  accessReviews: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
  serviceAccounts: `${inNamespace}/serviceaccounts`,
  serviceAccount: (name: string) => `${inNamespace}/serviceaccounts/${name}`,
  clusterRoleBindings: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  clusterRoleBinding: (name: string) => `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${name}`,
} as const;
