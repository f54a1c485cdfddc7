/** The registry config, as `oc` takes it. */
export const config = "configs.imageregistry.operator.openshift.io/cluster";
