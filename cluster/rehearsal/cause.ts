/** Why a registry does not start on Swift, from the last words of its container. Pure. */

/** A cause that the switch would meet as well, or `other`, which says nothing about Swift. */
export type Cause =
  "sign-in" | "container" | "trust" | "proxy" | "connection" | "busy" | "settings" | "other";

/** The cause in words, which follow "the registry cannot start on Swift: ", and what to do about it. */
const causes: readonly (readonly [Exclude<Cause, "other">, RegExp])[] = [
  ["trust", /x509:|certificate signed by unknown authority|certificate (is not|has expired|is valid for)/i],
  ["proxy", /proxyconnect|Proxy Authentication Required|\b407\b|proxy.*(refused|no such host|timeout)/i],
  [
    "sign-in",
    /authorization failed|invalid credentials|HTTP Error: 401|\b401\b|Unauthorized|ErrUsernameOrUserID|Incorrect Auth URL|authURL|Can't find.*endpoint|Endpoint.*not found|failed to authenticate/i,
  ],
  [
    "settings",
    /expected type '\w+', got|configuration error|no (username|password|authurl|container)\b.* (parameter )?provided/i,
  ],
  // Before the container: the driver says of any answer that it could not retrieve info about it.
  ["busy", /HTTP Error: 5\d\d\b|\b50[0234] (Internal Server Error|Bad Gateway|Service Unavailable|Gateway)/i],
  ["container", /container.*(not found|does not exist)|Failed to retrieve info about container|\b404\b/i],
  [
    "connection",
    /no such host|connection refused|i\/o timeout|context deadline exceeded|network is unreachable|no route to host|EOF/i,
  ],
];

/** The storage driver fails while the registry starts; only lines that speak of storage or of a panic count. */
export function causeOf(lastWords: string): Cause {
  const text = lastWords.replace(/\s+/g, " ");
  if (!/swift|storage|panic|keystone|auth|proxyconnect|x509|expected type|configuration error/i.test(text)) {
    return "other";
  }
  return causes.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
}

/** The registry's words without a value of its settings that it quotes: it may be the password. */
export function withoutValues(said: string): string {
  return said.replace(/\b(value:|anchor|alias) (['"]).*\2/g, "$1 ...");
}

/** What is wrong, in words, and the next step; the registry was not touched. */
export const meaning: Readonly<Record<Exclude<Cause, "other">, { wrong: string; next: string }>> = {
  "sign-in": {
    wrong: "it cannot sign in at Keystone with the credentials that the operator would give it",
    next: "compare secret installer-cloud-credentials (or image-registry-private-configuration-user) with what works for openstack token issue",
  },
  container: {
    wrong: "it does not find the container: it looks at another account or region than the copy",
    next: "compare region_name and project of the credentials with those of the container",
  },
  trust: {
    wrong: "it does not trust Keystone's or Swift's certificate",
    next: "the CA belongs into key cacert of secret installer-cloud-credentials, or into the cluster's trusted CAs (oc get proxy/cluster -o jsonpath='{.spec.trustedCA}')",
  },
  proxy: {
    wrong: "the proxy does not let it through to Keystone or Swift",
    next: "oc get proxy/cluster -o yaml, and spec.proxy of the registry config; Swift's address in noProxy, if it is reached directly",
  },
  settings: {
    wrong: "it cannot read its settings as the operator would write them",
    next: "a user's name, password and domain of letters and digits in the cluster's credentials (the registry reads each as YAML, in which null and ~ are none)",
  },
  busy: {
    wrong: "Keystone or Swift answers with an error of its own, each time that it starts",
    next: "openstack object store account show, a few times; their operators know why",
  },
  connection: {
    wrong: "it does not reach Keystone or Swift from its Pod",
    next: "oc -n openshift-image-registry get networkpolicies; a route and DNS from nodes to Keystone and Swift",
  },
};
