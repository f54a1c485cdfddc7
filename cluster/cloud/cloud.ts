/**
 * The one resolver for the cloud: credentials, Keystone's URL, project, domains, region, interface and CA, by the
 * operator's own rules, for all three that talk to Swift: the mover's Pod, the OpenStack provider, the storage patch.
 * `readCloudSources` reads what it needs; what follows from it is pure but for a CA that the stack config names by its
 * path. No environment variable is consulted.
 *
 * The operator's rules (seen on operator release 4.22): secret `image-registry-private-configuration-user` before
 * `installer-cloud-credentials`; with the former, everything but the credentials comes from `spec.storage.swift`, not
 * from clouds.yaml; the cloud's name is the infrastructure's, else `openstack`; the user's domain is also the project's.
 */
import type { CloudSettings, SecretSource } from "../../swift/settings";
import { type CloudCa, pemOf, resolveCa } from "./ca";
import {
  cloudFields,
  type Fields,
  fromStackConfig,
  fromSwiftSpec,
  hasLogin,
  placeOnly,
  problemOf,
  secretOf,
  userFields,
} from "./fields";
import { type OpenstackProviderArgs, patchOf, providerOf, settingsOf } from "./forms";
import type { CloudSources } from "./sources";
import type { SwiftFields } from "../registry/patch";
import { installerSecretName, userSecretName } from "../names";

export { type CloudCa, resolveCa } from "./ca";
export type { OpenstackProviderArgs } from "./forms";
export { type CloudSources, readCloudSources } from "./sources";

/** Where the mover's Pod finds things; the component mounts them there. */
export const podPaths = {
  /** The credentials' secret, whole. */
  credentials: "/etc/openstack",
  /** The mover's own ConfigMap; `cloud-ca.pem` in it is `ca.pem` of the resolution. */
  config: "/etc/image-registry-migration",
  /** ConfigMap trusted-ca, key ca-bundle.crt, optional. */
  trustedCa: "/etc/pki/trusted-ca",
} as const;

export interface ResolvedCloud {
  readonly ok: true;
  /** Which secret, for messages. */
  readonly source: string;
  /** Secret the Pod mounts at `podPaths.credentials`. */
  readonly secretName: string;
  /** For the mover's Pod: the secret by reference. */
  readonly pod: CloudSettings;
  /** For this machine: the secret in memory, `openstack:*` of the stack config applied. */
  readonly workstation: CloudSettings;
  /** PEM bundles for this machine, added to the system's. */
  readonly workstationCa: readonly string[];
  /** Arguments of the OpenStack provider, all of them; `password` and `applicationCredentialSecret` are secrets. */
  readonly provider: OpenstackProviderArgs;
  /** Further fields that `spec.storage.swift` needs; empty unless the user's secret is used. */
  readonly patch: Omit<SwiftFields, "container">;
  readonly ca: CloudCa;
}

export interface UnresolvedCloud {
  readonly ok: false;
  readonly kind: "absent" | "malformed";
  readonly source?: string;
  /** One line, no secret in it. */
  readonly message: string;
  readonly ca: CloudCa;
}

/** `openstack`: stack config `openstack:*` by its own names (`authUrl`, `userName`, ...); it only steers this machine. */
export function resolveCloud(
  sources: CloudSources,
  openstack: Readonly<Record<string, string>> = {},
): ResolvedCloud | UnresolvedCloud {
  const ca = resolveCa(sources);
  const cloudName = sources.cloudName === "" ? "openstack" : sources.cloudName;
  const inYaml = cloudFields(sources.installerSecret, cloudName);
  if (sources.userSecret === undefined) {
    if (typeof inYaml === "string") {
      return {
        ok: false,
        kind: sources.installerSecret === undefined ? "absent" : "malformed",
        source: `secret ${installerSecretName}`,
        message: inYaml,
        ca,
      };
    }
    return resolved(inYaml, sources, ca, openstack, {
      secretName: installerSecretName,
      source: { kind: "clouds", path: `${podPaths.credentials}/clouds.yaml`, cloud: cloudName },
      patch: false,
    });
  }
  const user = userFields(sources.userSecret, sources.version);
  if (typeof user === "string") {
    return { ok: false, kind: "malformed", source: `secret ${userSecretName}`, message: user, ca };
  }
  const place = typeof inYaml === "string" ? {} : inYaml;
  const merged = { ...placeOnly(place), ...fromSwiftSpec(sources.swift), ...user.fields };
  return resolved(merged, sources, ca, openstack, {
    secretName: userSecretName,
    source: { kind: "file", path: `${podPaths.credentials}/${user.secretKey}` },
    patch: true,
  });
}

function resolved(
  fields: Fields,
  sources: CloudSources,
  ca: CloudCa,
  openstack: Readonly<Record<string, string>>,
  from: { secretName: string; source: SecretSource; patch: boolean },
): ResolvedCloud | UnresolvedCloud {
  const source = `secret ${from.secretName}`;
  const overrides = fromStackConfig(openstack);
  // Another kind of login replaces this one as a whole: half of each would be no login.
  const base = hasLogin(overrides) ? placeOnly(fields, true) : fields;
  const workstation = { ...base, ...overrides };
  const malformed =
    malformedOf(fields, source, ca) ?? malformedOf(workstation, "stack config openstack:*", ca);
  if (malformed !== undefined) {
    return malformed;
  }
  const insecure = openstack["insecure"] === "true";
  const workstationCa = bundles(pemOf(openstack["cacertFile"]), ca.pem, sources.trustedCa);
  return {
    ok: true,
    source,
    secretName: from.secretName,
    pod: {
      ...settingsOf(fields, from.source),
      caFiles: [`${podPaths.config}/cloud-ca.pem`, `${podPaths.trustedCa}/ca-bundle.crt`],
    },
    workstation: {
      ...settingsOf(workstation, { kind: "value", value: secretOf(workstation) }),
      ...(insecure ? { insecure } : {}),
    },
    workstationCa,
    provider: providerOf(workstation, workstationCa, insecure),
    patch: from.patch ? patchOf(fields) : {},
    ca,
  };
}

function malformedOf(fields: Fields, source: string, ca: CloudCa): UnresolvedCloud | undefined {
  const message = problemOf(fields, source);
  return message === undefined ? undefined : { ok: false, kind: "malformed", source, message, ca };
}

/** Those that are not empty, each once: trusted-ca may be the CA's own source. */
function bundles(...pems: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(pems.filter((each) => each !== undefined && each.trim() !== ""))] as string[];
}
