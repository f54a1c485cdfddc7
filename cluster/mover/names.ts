/** How the migration Pods are known on the cluster. */

/** Label `app` of everything that moves images. */
export const moverApp = "image-registry-migration";

/** Selects the Pods. */
export const moverPodLabel = `app=${moverApp}`;

/** Annotation with the hash of what the Pod was made from; observed again on the next run. */
export const specHashAnnotation = "image-registry-swift/spec";
