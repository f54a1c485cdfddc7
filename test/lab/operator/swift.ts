/** The operator's ways with Swift: whose credentials, what the registry is told, and whether the container is there. */
import type { V1EnvVar, V1Secret } from "@kubernetes/client-node";
import { parse } from "yaml";
import { Account, byPassword, SignInError } from "../swift/account";
import type { SwiftStorage } from "./types";

/** Everything needed to sign in; empty strings where nothing is known. */
export interface Credentials {
  readonly authURL: string;
  readonly username: string;
  readonly password: string;
  readonly applicationCredentialID: string;
  readonly applicationCredentialName: string;
  readonly applicationCredentialSecret: string;
  readonly token: string;
  readonly tenant: string;
  readonly tenantID: string;
  readonly domain: string;
  readonly domainID: string;
  readonly region: string;
  readonly authVersion: string;
}

interface CloudEntry {
  readonly auth?: Readonly<Record<string, string>>;
  readonly region_name?: string;
  readonly identity_api_version?: string | number;
}

export interface CredentialSecrets {
  /** image-registry-private-configuration-user: wins, and has sign-in names only. */
  readonly user: V1Secret | undefined;
  /** installer-cloud-credentials. */
  readonly installer: V1Secret | undefined;
  /** Whether the user's secret may lack the keys of the way to sign in that it does not use. */
  readonly partialUserSecret: boolean;
  readonly cloudName: string;
}

/**
 * The administrator's secret before the installer's; with the former, where to sign in comes from `spec.storage.swift`
 * alone, not from clouds.yaml.
 */
export function credentials(secrets: CredentialSecrets, spec: SwiftStorage): Credentials {
  const found =
    secrets.user === undefined ? ofClouds(secrets) : ofUser(secrets.user, secrets.partialUserSecret);
  return {
    ...found,
    authURL: spec.authURL || found.authURL,
    tenant: spec.tenant || found.tenant,
    tenantID: spec.tenantID || found.tenantID,
    domain: spec.domain || found.domain,
    domainID: spec.domainID || found.domainID,
    region: spec.regionName || found.region,
    authVersion: spec.authVersion || found.authVersion || "3",
  };
}

function ofUser(secret: V1Secret, partial: boolean): Credentials {
  if (!partial)
    for (const key of wholeUserSecret)
      if (secret.data?.[`REGISTRY_STORAGE_SWIFT_${key}`] === undefined)
        throw new Error(
          `secret "${secret.metadata?.namespace ?? ""}/${secret.metadata?.name ?? ""}" does not contain required key "REGISTRY_STORAGE_SWIFT_${key}"`,
        );
  const value = (key: string): string => decode(secret, `REGISTRY_STORAGE_SWIFT_${key}`);
  const found: Credentials = {
    ...nothing,
    username: value("USERNAME"),
    password: value("PASSWORD"),
    applicationCredentialID: value("APPLICATIONCREDENTIALID"),
    applicationCredentialName: value("APPLICATIONCREDENTIALNAME"),
    applicationCredentialSecret: value("APPLICATIONCREDENTIALSECRET"),
    token: value("TOKENID"),
  };
  const password = found.username !== "" && found.password !== "";
  const application =
    found.applicationCredentialID !== "" &&
    found.applicationCredentialName !== "" &&
    found.applicationCredentialSecret !== "";
  if (!password && !application && found.token === "")
    throw new Error(
      `secret "${secret.metadata?.namespace ?? ""}/${secret.metadata?.name ?? ""}" does not contain required keys`,
    );
  return found;
}

const wholeUserSecret = [
  "USERNAME",
  "PASSWORD",
  "APPLICATIONCREDENTIALID",
  "APPLICATIONCREDENTIALNAME",
  "APPLICATIONCREDENTIALSECRET",
] as const;

function ofClouds({ installer, cloudName }: CredentialSecrets): Credentials {
  if (installer === undefined)
    throw new Error(
      'unable to get cluster minted credentials "openshift-image-registry/installer-cloud-credentials": not found',
    );
  const text = decode(installer, "clouds.yaml");
  if (text === "")
    throw new Error(
      'secret "openshift-image-registry/installer-cloud-credentials" does not contain required key "clouds.yaml"',
    );
  const cloud = (parse(text) as { clouds?: Record<string, CloudEntry> }).clouds?.[cloudName];
  if (cloud === undefined) throw new Error(`clouds.yaml does not contain required cloud "${cloudName}"`);
  const auth = cloud.auth ?? {};
  const value = (key: string): string => auth[key] ?? "";
  return {
    authURL: value("auth_url"),
    username: value("username"),
    password: value("password"),
    applicationCredentialID: value("application_credential_id"),
    applicationCredentialName: value("application_credential_name"),
    applicationCredentialSecret: value("application_credential_secret"),
    token: value("token"),
    tenant: value("project_name"),
    tenantID: value("project_id"),
    domain: value("domain_name") || value("user_domain_name"),
    domainID: value("domain_id") || value("user_domain_id"),
    region: cloud.region_name ?? "",
    authVersion: String(cloud.identity_api_version ?? ""),
  };
}

const nothing: Credentials = {
  authURL: "",
  username: "",
  password: "",
  applicationCredentialID: "",
  applicationCredentialName: "",
  applicationCredentialSecret: "",
  token: "",
  tenant: "",
  tenantID: "",
  domain: "",
  domainID: "",
  region: "",
  authVersion: "",
};

export function decode(secret: V1Secret, key: string): string {
  const value = secret.data?.[key];
  return value === undefined ? "" : Buffer.from(value, "base64").toString("utf8");
}

/** Name of the secret the operator keeps the registry's sign-in in. */
export const privateConfiguration = "image-registry-private-configuration";

/** The container's variables; those of `secret` are read from {@link privateConfiguration} under the same name. */
export function swiftEnvironment(
  spec: SwiftStorage,
  found: Credentials,
): { readonly env: readonly V1EnvVar[]; readonly secret: Readonly<Record<string, string>> } {
  const prefix = "REGISTRY_STORAGE_SWIFT_";
  const hidden: Record<string, string> = {
    [`${prefix}USERNAME`]: found.username,
    [`${prefix}PASSWORD`]: found.password,
    [`${prefix}TOKENID`]: found.token,
    [`${prefix}APPLICATIONCREDENTIALID`]: found.applicationCredentialID,
    [`${prefix}APPLICATIONCREDENTIALNAME`]: found.applicationCredentialName,
    [`${prefix}APPLICATIONCREDENTIALSECRET`]: found.applicationCredentialSecret,
  };
  const where = /\/v[123]\/?$/.test(found.authURL)
    ? found.authURL
    : `${found.authURL.replace(/\/+$/, "")}/v${found.authVersion}`;
  const optional = [
    ["DOMAIN", found.domain],
    ["DOMAINID", found.domainID],
    ["TENANT", found.tenant],
    ["TENANTID", found.tenantID],
    ["REGION", found.region],
  ] as const;
  return {
    secret: hidden,
    env: [
      { name: "REGISTRY_STORAGE", value: "swift" },
      { name: `${prefix}CONTAINER`, value: spec.container ?? "" },
      { name: `${prefix}AUTHURL`, value: where },
      ...Object.keys(hidden).map((name) => ({
        name,
        valueFrom: { secretKeyRef: { name: privateConfiguration, key: name } },
      })),
      { name: `${prefix}AUTHVERSION`, value: found.authVersion },
      ...optional.flatMap(([name, value]) => (value === "" ? [] : [{ name: prefix + name, value }])),
    ],
  };
}

/** The account as the operator reaches it: three calls are all it makes. */
export class SwiftAccount {
  private constructor(private readonly account: Account) {}

  static async signIn(found: Credentials, ca: string | undefined): Promise<SwiftAccount> {
    const domain =
      found.domainID === ""
        ? { name: found.domain === "" ? "Default" : found.domain }
        : { id: found.domainID };
    const application = found.applicationCredentialSecret !== "";
    const project = found.tenantID === "" ? { name: found.tenant, domain } : { id: found.tenantID };
    const account = new Account(
      {
        authUrl: found.authURL,
        identity: application
          ? byCredential(found, domain)
          : byPassword(found.username, found.password, domain),
        scope: application ? undefined : { project },
        ca,
      },
      { region: found.region },
    );
    try {
      await account.open();
    } catch (error) {
      if (!(error instanceof SignInError)) throw error;
      throw new Error(`failed to authenticate against OpenStack: Keystone answered ${error.status}`, {
        cause: error,
      });
    }
    return new SwiftAccount(account);
  }

  async has(container: string): Promise<boolean> {
    const { status } = await this.account.send("HEAD", `/${container}`);
    if (status === 404) return false;
    if (status >= 300) throw new Error(`HEAD of container ${container}: Swift answered ${status}`);
    return true;
  }

  async make(container: string, metadata: Readonly<Record<string, string>>): Promise<void> {
    const headers = Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [`X-Container-Meta-${key}`, value]),
    );
    const { status } = await this.account.send("PUT", `/${container}`, { headers });
    if (status >= 300) throw new Error(`PUT of container ${container}: Swift answered ${status}`);
  }

  /** With all that is in it. */
  async remove(container: string): Promise<void> {
    await this.account.wipe(container);
  }
}

function byCredential(found: Credentials, domain: object): object {
  const { applicationCredentialID: id, applicationCredentialName: name } = found;
  const who = id === "" ? { name, user: { name: found.username, domain } } : { id };
  return {
    methods: ["application_credential"],
    application_credential: { secret: found.applicationCredentialSecret, ...who },
  };
}
