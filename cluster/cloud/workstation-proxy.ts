/** The proxy of the machine that `pulumi` runs on, for Keystone and Swift; Pods have the cluster's. */
import type { ProxySettings } from "../../swift/settings";
import { defined } from "../../swift/defined";

/**
 * From HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case: what the OpenStack provider in the same run follows, too.
 * `undefined` when there is none.
 */
export function workstationProxy(env: NodeJS.ProcessEnv): ProxySettings | undefined {
  const value = (name: string) => {
    // As for Go programs, an empty one is none, and leaves the other its say.
    return [env[name], env[name.toLowerCase()]]
      .map((each) => each?.trim())
      .find((each) => (each ?? "") !== "");
  };
  const http = value("HTTP_PROXY");
  const https = value("HTTPS_PROXY");
  if (http === undefined && https === undefined) {
    return undefined;
  }
  return {
    ...defined({ http, https }),
    no: ["localhost", "127.0.0.0/8", "::1", ...(value("NO_PROXY") ?? "").split(",").filter(Boolean)],
  };
}
