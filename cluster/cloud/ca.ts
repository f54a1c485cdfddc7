/** The CA by which Keystone and Swift are trusted. */
import { existsSync, readFileSync } from "node:fs";
import type { CloudSources } from "./sources";

export interface CloudCa {
  readonly source: "cacert" | "cloud-provider-config" | "trusted-ca" | "system";
  readonly pem?: string;
}

/** Key `cacert`, else the cloud provider's, else the cluster's extra CAs, else the system's. */
export function resolveCa(sources: CloudSources): CloudCa {
  const cacert = sources.installerSecret?.["cacert"] ?? "";
  if (cacert.trim() !== "") {
    return { source: "cacert", pem: cacert };
  }
  if ((sources.providerCa ?? "").trim() !== "") {
    return { source: "cloud-provider-config", pem: sources.providerCa ?? "" };
  }
  if ((sources.trustedCa ?? "").trim() !== "") {
    return { source: "trusted-ca", pem: sources.trustedCa ?? "" };
  }
  return { source: "system" };
}

/** `openstack:cacertFile` may be the PEM itself or a path, as the provider takes both. */
export function pemOf(given: string | undefined): string | undefined {
  if (given === undefined || given.trim() === "" || given.includes("-----BEGIN")) {
    return given;
  }
  return existsSync(given) ? readFileSync(given, "utf8") : undefined;
}

/**
 * What the operator adds to the registry's trust, and to that of the nodes for the registry's host, once the registry is
 * on Swift (its `CABundle`): key `cacert`, else the cloud provider's; `undefined`: nothing.
 */
export function operatorCa(sources: CloudSources): string | undefined {
  const { source, pem } = resolveCa(sources);
  return source === "cacert" || source === "cloud-provider-config" ? pem : undefined;
}
