/** The proxy of the machine that `pulumi` runs on, for Keystone and Swift; Pods have the cluster's. */
import { isUsableProxy, proxyRule, withoutLogin } from "../../swift/proxy";
import type { ProxySettings } from "../../swift/settings";
import { defined } from "../../swift/defined";

/**
 * From HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case: what the OpenStack provider in the same run follows, too.
 * `undefined` when there is none.
 * @throws Error that names the variable whose proxy no client can use, without a password
 */
export function workstationProxy(env: NodeJS.ProcessEnv): ProxySettings | undefined {
  const http = proxyOf(env, "HTTP_PROXY");
  const https = proxyOf(env, "HTTPS_PROXY");
  if (http === undefined && https === undefined) {
    return undefined;
  }
  const no = (setting(env, "NO_PROXY")?.value ?? "").split(",").filter(Boolean);
  return { ...defined({ http, https }), no: ["localhost", "127.0.0.0/8", "::1", ...no] };
}

function proxyOf(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  const found = setting(env, variable);
  if (found !== undefined && !isUsableProxy(found.value)) {
    throw new Error(
      `${found.name} of this shell is "${withoutLogin(found.value)}", which no client can use; accepted is ${proxyRule}; ` +
        `set another, or run without it: env -u ${found.name} <command>`,
    );
  }
  return found?.value;
}

/** As for Go programs, an empty one is none, and leaves the other its say. */
function setting(env: NodeJS.ProcessEnv, variable: string) {
  return [variable, variable.toLowerCase()]
    .map((name) => ({ name, value: env[name]?.trim() ?? "" }))
    .find(({ value }) => value !== "");
}
