/** What the operator reads of the cluster's credentials, as it reads it; `operator-rules.ts` judges it. Pure. */
import { textAt } from "../../swift/yaml-text";
import { installerSecretName, userSecretName } from "../names";
import { operatorCloud } from "./operator-env";
import type { CloudSources } from "./sources";

/** What the operator reads about its own cloud; an empty text means "not set". */
export interface SignIn {
  readonly where: string;
  readonly authUrl: string;
  readonly version: string;
  readonly username: string;
  readonly userId: string;
  readonly password: string;
  readonly token: boolean;
  readonly application: { readonly id: string; readonly name: string; readonly secret: string };
  readonly domain: string;
  readonly domainId: string;
  readonly project: {
    readonly name: string;
    readonly id: string;
    readonly domain: string;
    readonly domainId: string;
  };
  /** Only clouds.yaml has these: `auth_type`, names that fields had in older files, and the user's own domain. */
  readonly file?: {
    readonly authType: string;
    readonly userName: string;
    readonly tenant: string;
    readonly userDomain: string;
  };
}

/** As GetConfig and getSwiftClient read it: the user's secret first, then what `spec.storage.swift` says. */
export function operatorView(sources: CloudSources): SignIn | undefined {
  const cloud = operatorCloud(sources);
  const auth = (key: string) => textAt(cloud, "auth", key);
  const place = {
    authUrl: auth("auth_url"),
    version: textAt(cloud, "identity_api_version"),
    domain: auth("domain_name") || auth("user_domain_name"),
    domainId: auth("domain_id") || auth("user_domain_id"),
    project: {
      name: auth("project_name"),
      id: auth("project_id"),
      domain: auth("project_domain_name"),
      domainId: auth("project_domain_id"),
    },
  };
  if (sources.userSecret === undefined) {
    return cloud === undefined
      ? undefined
      : {
          where: `clouds.yaml of secret ${installerSecretName}`,
          ...place,
          username: auth("username"),
          userId: auth("user_id"),
          password: auth("password"),
          token: auth("token") !== "",
          application: {
            id: auth("application_credential_id"),
            name: auth("application_credential_name"),
            secret: auth("application_credential_secret"),
          },
          file: {
            authType: textAt(cloud, "auth_type"),
            userName: auth("user_name"),
            tenant: auth("tenant_name") || auth("tenant_id"),
            userDomain: auth("user_domain_name"),
          },
        };
  }
  const secret = (name: string) => (sources.userSecret?.[`REGISTRY_STORAGE_SWIFT_${name}`] ?? "").trim();
  const spec = (key: string) => sources.swift?.[key] ?? "";
  const named = spec("domain") !== "" || spec("domainID") !== "";
  // What the switch's patch adds from clouds.yaml: the project for a password alone (`forms.ts`).
  const byPassword = secret("PASSWORD") !== "";
  return {
    where: `secret ${userSecretName} with spec.storage.swift or clouds.yaml`,
    authUrl: spec("authURL") || place.authUrl,
    version: spec("authVersion"),
    username: secret("USERNAME"),
    userId: "",
    password: secret("PASSWORD"),
    token: secret("TOKENID") !== "",
    application: {
      id: secret("APPLICATIONCREDENTIALID"),
      name: secret("APPLICATIONCREDENTIALNAME"),
      secret: secret("APPLICATIONCREDENTIALSECRET"),
    },
    domain: named ? spec("domain") : place.domain,
    domainId: named ? spec("domainID") : place.domain === "" ? place.domainId : "",
    project: {
      name: spec("tenant") || (byPassword ? place.project.name : ""),
      id: spec("tenantID"),
      domain: named ? "" : place.project.domain,
      domainId: named ? "" : place.project.domainId,
    },
  };
}
