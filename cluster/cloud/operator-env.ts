/**
 * The environment that the operator would give the registry for a Swift container (its `ConfigEnv`): what it reads of
 * the cluster's credentials, and what `spec.storage.swift` says before that. Pure.
 */
import { findCloud, type FoundCloud } from "../../swift/cloud-fields";
import { type TextTree, textAt } from "../../swift/yaml-text";
import type { SwiftFields } from "../registry/patch";
import { keystoneUrl } from "./keystone-url";
import type { CloudSources } from "./sources";

/** Variables by name. Those in `secret` are never written into a Pod's spec. */
export interface SwiftEnvironment {
  readonly plain: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
}

/** What the operator takes from its secrets; absent values are empty. */
interface Credentials {
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly applicationId: string;
  readonly applicationName: string;
  readonly applicationSecret: string;
  readonly tenant: string;
  readonly tenantId: string;
  readonly domain: string;
  readonly domainId: string;
  readonly region: string;
  readonly version: string;
}

/** `swift`: `spec.storage.swift` as the switch would patch it. */
export function swiftEnvironment(sources: CloudSources, swift: SwiftFields): SwiftEnvironment {
  const found = credentialsOf(sources);
  const version = swift.authVersion || found.version || "3";
  const prefix = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([, value]) => value !== "")
        .map(([name, value]) => [`REGISTRY_STORAGE_SWIFT_${name}`, value]),
    );
  return {
    plain: {
      REGISTRY_STORAGE: "swift",
      ...prefix({
        CONTAINER: swift.container,
        AUTHURL: keystoneUrl(swift.authURL || found.authUrl, version),
        AUTHVERSION: version,
        DOMAIN: swift.domain || found.domain,
        DOMAINID: swift.domainID || found.domainId,
        TENANT: swift.tenant || found.tenant,
        TENANTID: swift.tenantID || found.tenantId,
        REGION: swift.regionName || found.region,
      }),
    },
    secret: prefix({
      USERNAME: found.username,
      PASSWORD: found.password,
      TOKENID: found.token,
      APPLICATIONCREDENTIALID: found.applicationId,
      APPLICATIONCREDENTIALNAME: found.applicationName,
      APPLICATIONCREDENTIALSECRET: found.applicationSecret,
    }),
  };
}

/** With the administrator's own secret nothing comes from clouds.yaml: the place is in `spec.storage.swift`. */
function credentialsOf(sources: CloudSources): Credentials {
  const { userSecret } = sources;
  if (userSecret !== undefined) {
    const secret = (name: string) => userSecret[`REGISTRY_STORAGE_SWIFT_${name}`] ?? "";
    return {
      ...nothing,
      username: secret("USERNAME"),
      password: secret("PASSWORD"),
      token: secret("TOKENID"),
      applicationId: secret("APPLICATIONCREDENTIALID"),
      applicationName: secret("APPLICATIONCREDENTIALNAME"),
      applicationSecret: secret("APPLICATIONCREDENTIALSECRET"),
    };
  }
  const cloud = operatorCloud(sources);
  const auth = (key: string) => textAt(cloud, "auth", key);
  return {
    authUrl: auth("auth_url"),
    username: auth("username"),
    password: auth("password"),
    token: auth("token"),
    applicationId: auth("application_credential_id"),
    applicationName: auth("application_credential_name"),
    applicationSecret: auth("application_credential_secret"),
    tenant: auth("project_name"),
    tenantId: auth("project_id"),
    domain: auth("domain_name") || auth("user_domain_name"),
    domainId: auth("domain_id") || auth("user_domain_id"),
    region: textAt(cloud, "region_name"),
    version: textAt(cloud, "identity_api_version"),
  };
}

const nothing: Credentials = {
  authUrl: "",
  username: "",
  password: "",
  token: "",
  applicationId: "",
  applicationName: "",
  applicationSecret: "",
  tenant: "",
  tenantId: "",
  domain: "",
  domainId: "",
  region: "",
  version: "",
};

/** The cluster's own entry of clouds.yaml; `undefined` when it cannot be read, which the resolver reports. */
export function operatorCloud(sources: CloudSources): TextTree {
  const cloud = installerCloud(sources);
  return cloud?.found === true ? (cloud.entry as TextTree) : undefined;
}

/** The same with what is wrong in the file. */
export function installerCloud(sources: CloudSources): FoundCloud | undefined {
  const text = sources.installerSecret?.["clouds.yaml"];
  return text === undefined
    ? undefined
    : findCloud(text, sources.cloudName === "" ? "openstack" : sources.cloudName);
}
