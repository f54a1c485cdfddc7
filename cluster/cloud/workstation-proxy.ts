/** The proxy of the machine that `pulumi` runs on, for Keystone and Swift; Pods have the cluster's. */
import type { ProxySettings } from "../../swift/settings";
import { defined } from "../../swift/defined";
import { firstOf } from "../parse";

/**
 * From HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case: what the OpenStack provider in the same run follows, too.
 * `undefined` when there is none.
 */
export function workstationProxy(env: NodeJS.ProcessEnv): ProxySettings | undefined {
  // As for Go programs, an empty one is none, and leaves the other its say.
  const value = (name: string) => firstOf(env[name]?.trim(), env[name.toLowerCase()]?.trim());
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
