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
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { CloudSettings, SecretSource } from "../migrator/contract";
import type { Api } from "./api";
import type { RawConfigMap, RawInfrastructure, RawRegistryConfig, RawSecret } from "./objects";
import type { SwiftFields } from "./patch";
import { paths } from "./paths";

export const userSecretName = "image-registry-private-configuration-user";
export const installerSecretName = "installer-cloud-credentials";
export const trustedCaName = "trusted-ca";

/** Where the mover's Pod finds things; the component mounts them there. */
export const podPaths = {
  /** The credentials' secret, whole. */
  credentials: "/etc/openstack",
  /** The mover's own ConfigMap; `cloud-ca.pem` in it is `ca.pem` of the resolution. */
  config: "/etc/image-registry-migration",
  /** ConfigMap trusted-ca, key ca-bundle.crt, optional. */
  trustedCa: "/etc/pki/trusted-ca",
} as const;

/** What is read from the cluster, decoded. */
export interface CloudSources {
  readonly cloudName: string;
  readonly userSecret?: Readonly<Record<string, string>>;
  readonly installerSecret?: Readonly<Record<string, string>>;
  /** `ca-bundle.pem` of openshift-config/cloud-provider-config. */
  readonly providerCa?: string;
  /** `ca-bundle.crt` of ConfigMap trusted-ca. */
  readonly trustedCa?: string;
  /** Present `spec.storage.swift`. */
  readonly swift?: Readonly<Record<string, string>>;
}

export interface CloudCa {
  readonly source: "cacert" | "cloud-provider-config" | "trusted-ca" | "system";
  readonly pem?: string;
}

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
  /** What `spec.storage.swift` needs besides the container; empty unless the user's secret is used. */
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

/** Named as @pulumi/openstack names them. */
export interface OpenstackProviderArgs {
  readonly authUrl: string;
  readonly userName?: string;
  readonly userId?: string;
  readonly password?: string;
  readonly userDomainName?: string;
  readonly userDomainId?: string;
  readonly projectDomainName?: string;
  readonly projectDomainId?: string;
  readonly tenantName?: string;
  readonly tenantId?: string;
  readonly applicationCredentialId?: string;
  readonly applicationCredentialName?: string;
  readonly applicationCredentialSecret?: string;
  readonly region?: string;
  readonly endpointType?: string;
  /** PEM itself: the provider takes content as well as a path. */
  readonly cacertFile?: string;
  readonly insecure?: boolean;
}

/** One cloud's fields, by clouds.yaml's names, wherever they came from. */
type Fields = Readonly<Partial<Record<FieldName, string>>>;
type FieldName =
  | "auth_url"
  | "username"
  | "user_id"
  | "password"
  | "user_domain_name"
  | "user_domain_id"
  | "project_name"
  | "project_id"
  | "project_domain_name"
  | "project_domain_id"
  | "application_credential_id"
  | "application_credential_name"
  | "application_credential_secret"
  | "region_name"
  | "interface";

export async function readCloudSources(api: Api): Promise<CloudSources> {
  const [infrastructure, config, user, installer, provider, trusted] = await Promise.all([
    api.get<RawInfrastructure>(paths.infrastructure),
    api.get<RawRegistryConfig>(paths.registryConfig),
    api.get<RawSecret>(paths.secret(userSecretName)),
    api.get<RawSecret>(paths.secret(installerSecretName)),
    api.get<RawConfigMap>(paths.cloudProviderConfig),
    api.get<RawConfigMap>(paths.configMap(trustedCaName)),
  ]);
  const swift = config?.spec.storage?.["swift"] as Readonly<Record<string, string>> | undefined;
  const providerCa = provider?.data?.["ca-bundle.pem"];
  const trustedCa = trusted?.data?.["ca-bundle.crt"];
  return {
    cloudName: infrastructure?.status?.platformStatus?.openstack?.cloudName ?? "",
    ...(user === undefined ? {} : { userSecret: decoded(user) }),
    ...(installer === undefined ? {} : { installerSecret: decoded(installer) }),
    ...(providerCa === undefined ? {} : { providerCa }),
    ...(trustedCa === undefined ? {} : { trustedCa }),
    ...(swift === undefined ? {} : { swift }),
  };
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
  const user = userFields(sources.userSecret);
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
  const problem = problemOf(fields, source);
  if (problem !== undefined) {
    return { ok: false, kind: "malformed", source, message: problem, ca };
  }
  const overrides = fromStackConfig(openstack);
  // Another kind of login replaces this one whole: half of each would be neither.
  const base = hasLogin(overrides) ? placeOnly(fields, true) : fields;
  const workstation = { ...base, ...overrides };
  const workstationProblem = problemOf(workstation, "stack config openstack:*");
  if (workstationProblem !== undefined) {
    return {
      ok: false,
      kind: "malformed",
      source: "stack config openstack:*",
      message: workstationProblem,
      ca,
    };
  }
  const overrideCa = pemOf(openstack["cacertFile"]);
  const pems = [overrideCa, ca.pem, sources.trustedCa].filter(
    (each) => each !== undefined && each.trim() !== "",
  );
  return {
    ok: true,
    source,
    secretName: from.secretName,
    pod: {
      ...settingsOf(fields, from.source),
      caFiles: [`${podPaths.config}/cloud-ca.pem`, `${podPaths.trustedCa}/ca-bundle.crt`],
    },
    workstation: settingsOf(workstation, { kind: "value", value: secretOf(workstation) }),
    workstationCa: pems as string[],
    provider: providerOf(workstation, pems as string[], openstack["insecure"] === "true"),
    patch: from.patch ? patchOf(fields) : {},
    ca,
  };
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

function cloudFields(
  secret: Readonly<Record<string, string>> | undefined,
  cloudName: string,
): Fields | string {
  if (secret === undefined) {
    return (
      `neither secret ${userSecretName} nor ${installerSecretName} exists in openshift-image-registry; ` +
      "the cloud credential operator makes the latter: oc get credentialsrequest -n openshift-cloud-credential-operator"
    );
  }
  const text = secret["clouds.yaml"];
  if (text === undefined) {
    return `secret ${installerSecretName} has no key clouds.yaml`;
  }
  let clouds: unknown;
  try {
    clouds = (parse(text) as { clouds?: unknown } | null)?.clouds;
  } catch {
    // The parser's message quotes the text, passwords included.
    return `clouds.yaml in secret ${installerSecretName} is not YAML`;
  }
  const known = typeof clouds === "object" && clouds !== null ? Object.keys(clouds) : [];
  const cloud = known.includes(cloudName) ? (clouds as Record<string, unknown>)[cloudName] : undefined;
  if (typeof cloud !== "object" || cloud === null) {
    return (
      `clouds.yaml in secret ${installerSecretName} has no cloud "${cloudName}" (the name that the infrastructure ` +
      `tells); it has: ${known.join(", ") || "none"}`
    );
  }
  return fromClouds(cloud as Readonly<Record<string, unknown>>);
}

function fromClouds(cloud: Readonly<Record<string, unknown>>): Fields {
  const auth = (typeof cloud["auth"] === "object" && cloud["auth"] !== null ? cloud["auth"] : {}) as Record<
    string,
    unknown
  >;
  const text = (value: unknown) =>
    (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;
  const names: readonly FieldName[] = [
    "auth_url",
    "username",
    "user_id",
    "password",
    "user_domain_name",
    "user_domain_id",
    "project_name",
    "project_id",
    "project_domain_name",
    "project_domain_id",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
  ];
  const fields: Partial<Record<FieldName, string>> = {};
  for (const name of names) {
    const value = text(auth[name]);
    if (value !== undefined) {
      fields[name] = value;
    }
  }
  const domain = { name: text(auth["domain_name"]), id: text(auth["domain_id"]) };
  fillDomain(fields, domain);
  const region = text(cloud["region_name"]);
  const face = text(cloud["interface"]) ?? text(cloud["endpoint_type"]);
  return {
    ...fields,
    ...(region === undefined ? {} : { region_name: region }),
    ...(face === undefined ? {} : { interface: face.replace(/URL$/, "") }),
  };
}

/** The user's domain is also the project's where nothing else is said. */
function fillDomain(
  fields: Partial<Record<FieldName, string>>,
  domain: { name: string | undefined; id: string | undefined },
): void {
  if (fields.user_domain_name === undefined && fields.user_domain_id === undefined) {
    if (domain.id !== undefined) {
      fields.user_domain_id = domain.id;
    } else if (domain.name !== undefined) {
      fields.user_domain_name = domain.name;
    }
  }
  if (fields.project_domain_name === undefined && fields.project_domain_id === undefined) {
    if (fields.user_domain_id !== undefined) {
      fields.project_domain_id = fields.user_domain_id;
    }
    if (fields.user_domain_name !== undefined) {
      fields.project_domain_name = fields.user_domain_name;
    }
  }
}

function userFields(
  secret: Readonly<Record<string, string>>,
): { fields: Fields; secretKey: string } | string {
  const key = (name: string) => `REGISTRY_STORAGE_SWIFT_${name}`;
  const value = (name: string) => (secret[key(name)] ?? "").trim();
  if (value("USERNAME") !== "" && value("PASSWORD") !== "") {
    return {
      fields: { username: value("USERNAME"), password: secret[key("PASSWORD")] ?? "" },
      secretKey: key("PASSWORD"),
    };
  }
  const id = value("APPLICATIONCREDENTIALID");
  const name = value("APPLICATIONCREDENTIALNAME");
  if (id !== "" && name !== "" && value("APPLICATIONCREDENTIALSECRET") !== "") {
    return {
      fields: {
        application_credential_id: id,
        application_credential_name: name,
        application_credential_secret: secret[key("APPLICATIONCREDENTIALSECRET")] ?? "",
      },
      secretKey: key("APPLICATIONCREDENTIALSECRET"),
    };
  }
  if (value("TOKENID") !== "") {
    return (
      `secret ${userSecretName} holds only a token (${key("TOKENID")}), which ends while a copy runs; ` +
      `give ${key("USERNAME")} and ${key("PASSWORD")}, or the three keys of an application credential`
    );
  }
  return (
    `secret ${userSecretName} holds neither ${key("USERNAME")} and ${key("PASSWORD")} nor ` +
    `${key("APPLICATIONCREDENTIALID")}, ${key("APPLICATIONCREDENTIALNAME")} and ${key("APPLICATIONCREDENTIALSECRET")}`
  );
}

/** What says where, not who: all that may be taken from clouds.yaml beside other credentials. */
function placeOnly(fields: Fields, withProject = true): Fields {
  const names: readonly FieldName[] = [
    "auth_url",
    "region_name",
    "interface",
    "user_domain_name",
    "user_domain_id",
    ...(withProject
      ? (["project_name", "project_id", "project_domain_name", "project_domain_id"] as const)
      : ([] as const)),
  ];
  return Object.fromEntries(
    names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]),
  );
}

function fromSwiftSpec(swift: Readonly<Record<string, string>> | undefined): Fields {
  const pairs: readonly (readonly [FieldName, string | undefined])[] = [
    ["auth_url", swift?.["authURL"]],
    ["project_name", swift?.["tenant"]],
    ["project_id", swift?.["tenantID"]],
    ["user_domain_name", swift?.["domain"]],
    ["user_domain_id", swift?.["domainID"]],
    ["project_domain_name", swift?.["domain"]],
    ["project_domain_id", swift?.["domainID"]],
    ["region_name", swift?.["regionName"]],
  ];
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== ""));
}

/** `openstack:cacertFile` may be the PEM itself or a path, as the provider takes both. */
function pemOf(given: string | undefined): string | undefined {
  if (given === undefined || given.trim() === "" || given.includes("-----BEGIN")) {
    return given;
  }
  return existsSync(given) ? readFileSync(given, "utf8") : undefined;
}

function fromStackConfig(openstack: Readonly<Record<string, string>>): Fields {
  const pairs: readonly (readonly [FieldName, string | undefined])[] = [
    ["auth_url", openstack["authUrl"]],
    ["username", openstack["userName"]],
    ["user_id", openstack["userId"]],
    ["password", openstack["password"]],
    ["user_domain_name", openstack["userDomainName"] ?? openstack["domainName"]],
    ["user_domain_id", openstack["userDomainId"] ?? openstack["domainId"]],
    ["project_name", openstack["tenantName"]],
    ["project_id", openstack["tenantId"]],
    ["project_domain_name", openstack["projectDomainName"] ?? openstack["domainName"]],
    ["project_domain_id", openstack["projectDomainId"] ?? openstack["domainId"]],
    ["application_credential_id", openstack["applicationCredentialId"]],
    ["application_credential_name", openstack["applicationCredentialName"]],
    ["application_credential_secret", openstack["applicationCredentialSecret"]],
    ["region_name", openstack["region"]],
    ["interface", openstack["endpointType"]?.replace(/URL$/, "")],
  ];
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== ""));
}

function hasLogin(fields: Fields): boolean {
  return fields.password !== undefined || fields.application_credential_secret !== undefined;
}

function isApplicationCredential(fields: Fields): boolean {
  return fields.application_credential_secret !== undefined;
}

function secretOf(fields: Fields): string {
  return fields.application_credential_secret ?? fields.password ?? "";
}

function problemOf(fields: Fields, source: string): string | undefined {
  if (fields.auth_url === undefined) {
    return (
      `${source} does not tell Keystone's URL; it comes from auth.auth_url of clouds.yaml in secret ` +
      `${installerSecretName}, or from spec.storage.swift.authURL, or from openstack:authUrl`
    );
  }
  if (!URL.canParse(fields.auth_url)) {
    return `${source}: Keystone's URL "${fields.auth_url}" is not a URL`;
  }
  if (isApplicationCredential(fields)) {
    const named =
      fields.application_credential_name !== undefined && (fields.username ?? fields.user_id) !== undefined;
    return fields.application_credential_id !== undefined || named
      ? undefined
      : `${source}: an application credential needs its id, or its name and the user's`;
  }
  if (fields.password === undefined) {
    return `${source} has neither a password nor an application credential's secret`;
  }
  if ((fields.username ?? fields.user_id) === undefined) {
    return `${source} has a password but no username`;
  }
  if (fields.username !== undefined && (fields.user_domain_name ?? fields.user_domain_id) === undefined) {
    return `${source} has a username but no domain (user_domain_name)`;
  }
  if ((fields.project_name ?? fields.project_id) === undefined) {
    return `${source} has a password but no project (project_name or project_id)`;
  }
  return undefined;
}

function settingsOf(fields: Fields, secret: SecretSource): CloudSettings {
  const user = {
    ...optional("username", fields.username),
    ...optional("userId", fields.user_id),
    ...optional("userDomainName", fields.user_domain_name),
    ...optional("userDomainId", fields.user_domain_id),
  };
  const face = fields.interface;
  return {
    authUrl: keystoneV3(fields.auth_url ?? ""),
    // The operator takes no other, whatever the catalog offers beside it.
    serviceName: "swift",
    auth: isApplicationCredential(fields)
      ? {
          type: "v3applicationcredential",
          ...optional("applicationCredentialId", fields.application_credential_id),
          ...optional("applicationCredentialName", fields.application_credential_name),
          ...user,
          secret,
        }
      : {
          type: "password",
          ...user,
          ...optional("projectName", fields.project_name),
          ...optional("projectId", fields.project_id),
          ...optional("projectDomainName", fields.project_domain_name),
          ...optional("projectDomainId", fields.project_domain_id),
          secret,
        },
    ...optional("region", fields.region_name),
    ...(face === "public" || face === "internal" || face === "admin" ? { interface: face } : {}),
  };
}

function providerOf(fields: Fields, ca: readonly string[], insecure: boolean): OpenstackProviderArgs {
  const application = isApplicationCredential(fields);
  return {
    authUrl: keystoneV3(fields.auth_url ?? ""),
    ...optional("userName", fields.username),
    ...optional("userId", fields.user_id),
    ...optional("userDomainName", fields.user_domain_name),
    ...optional("userDomainId", fields.user_domain_id),
    ...(application
      ? {
          ...optional("applicationCredentialId", fields.application_credential_id),
          ...optional("applicationCredentialName", fields.application_credential_name),
          ...optional("applicationCredentialSecret", fields.application_credential_secret),
        }
      : {
          ...optional("password", fields.password),
          ...optional("tenantName", fields.project_name),
          ...optional("tenantId", fields.project_id),
          ...optional("projectDomainName", fields.project_domain_name),
          ...optional("projectDomainId", fields.project_domain_id),
        }),
    ...optional("region", fields.region_name),
    ...optional("endpointType", fields.interface),
    ...(ca.length === 0 ? {} : { cacertFile: ca.join("\n") }),
    ...(insecure ? { insecure } : {}),
  };
}

/** An application credential carries its own project; Keystone refuses one that asks for another scope. */
function patchOf(fields: Fields): Omit<SwiftFields, "container"> {
  const application = isApplicationCredential(fields);
  return {
    ...optional("authURL", fields.auth_url),
    ...optional("regionName", fields.region_name),
    ...(application
      ? {}
      : {
          ...optional("tenant", fields.project_name),
          ...optional("tenantID", fields.project_name === undefined ? fields.project_id : undefined),
          ...optional("domain", fields.user_domain_name),
          ...optional("domainID", fields.user_domain_name === undefined ? fields.user_domain_id : undefined),
        }),
  };
}

/** clouds.yaml may leave the version out; the operator adds it too. */
function keystoneV3(url: string): string {
  const trimmed = url.replace(/\/+$/, "");
  return trimmed.endsWith("/v3") ? trimmed : `${trimmed}/v3`;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}

function decoded(secret: RawSecret): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString("utf8"),
    ]),
  );
}
