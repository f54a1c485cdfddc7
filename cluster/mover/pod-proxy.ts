/** The proxy that Pods reach the cloud through. Pure. */
import type { ReachableObservation } from "../observation";

/**
 * Whether an address of it holds a login (`http://user:password@host`, also without the scheme), which is OpenShift's
 * own way to give a proxy a login. Then whatever holds the address is a secret.
 */
export function holdsCredentials(proxy: ReachableObservation["proxy"]): boolean {
  return [proxy?.http, proxy?.https].some((each) => each?.includes("@") === true);
}
