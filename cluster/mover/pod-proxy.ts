/** The proxy that Pods reach the cloud through. Pure. */
import { isUsableProxy, withoutLogin } from "../../swift/proxy";
import type { ReachableObservation } from "../observation";

export { proxyRule } from "../../swift/proxy";

/**
 * Whether an address of it holds a login (`http://user:password@host`, also without the scheme), which is OpenShift's
 * own way to give a proxy a login. Then whatever holds the address is a secret.
 */
export function holdsCredentials(proxy: ReachableObservation["proxy"]): boolean {
  return [proxy?.http, proxy?.https].some((each) => each?.includes("@") === true);
}

/** Its addresses that no client can use, with their scheme of requests and without a login: `https "ftp://p"`. */
export function unusableAddresses(proxy: ReachableObservation["proxy"]): readonly string[] {
  return (["http", "https"] as const).flatMap((scheme) => {
    const address = proxy?.[scheme];
    return address === undefined || isUsableProxy(address) ? [] : [`${scheme} "${withoutLogin(address)}"`];
  });
}
