/**
 * A cloud's fields in the three forms that are needed: for the mover, the OpenStack provider and the storage patch.
 * Pure.
 */
import type { CloudSettings, SecretSource } from "../../swift/settings";
import type { SwiftFields } from "../registry/patch";
import { type Fields, isApplicationCredential } from "./fields";
import { keystoneV3 } from "./keystone-url";
import { defined } from "../../swift/defined";

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
  /** URLs by service type, each with a slash at its end. */
  readonly endpointOverrides?: Readonly<Record<string, string>>;
}

export function settingsOf(fields: Fields, secret: SecretSource): CloudSettings {
  const user = defined({
    username: fields.username,
    userId: fields.user_id,
    userDomainName: fields.user_domain_name,
    userDomainId: fields.user_domain_id,
  });
  const face = fields.interface;
  return {
    authUrl: keystoneV3(fields.auth_url ?? ""),
    // The operator takes only this service, whatever else the catalog offers.
    serviceName: "swift",
    auth: isApplicationCredential(fields)
      ? {
          type: "v3applicationcredential",
          ...defined({
            applicationCredentialId: fields.application_credential_id,
            applicationCredentialName: fields.application_credential_name,
          }),
          ...user,
          secret,
        }
      : {
          type: "password",
          ...user,
          ...defined({
            projectName: fields.project_name,
            projectId: fields.project_id,
            projectDomainName: fields.project_domain_name,
            projectDomainId: fields.project_domain_id,
          }),
          secret,
        },
    ...defined({ region: fields.region_name }),
    ...(face === "public" || face === "internal" || face === "admin" ? { interface: face } : {}),
  };
}

export function providerOf(fields: Fields, ca: readonly string[], insecure: boolean): OpenstackProviderArgs {
  const application = isApplicationCredential(fields);
  return {
    authUrl: keystoneV3(fields.auth_url ?? ""),
    ...defined({
      userName: fields.username,
      userId: fields.user_id,
      userDomainName: fields.user_domain_name,
      userDomainId: fields.user_domain_id,
    }),
    ...(application
      ? defined({
          applicationCredentialId: fields.application_credential_id,
          applicationCredentialName: fields.application_credential_name,
          applicationCredentialSecret: fields.application_credential_secret,
        })
      : defined({
          password: fields.password,
          tenantName: fields.project_name,
          tenantId: fields.project_id,
          projectDomainName: fields.project_domain_name,
          projectDomainId: fields.project_domain_id,
        })),
    ...defined({ region: fields.region_name, endpointType: fields.interface }),
    ...(ca.length === 0 ? {} : { cacertFile: ca.join("\n") }),
    ...(insecure ? { insecure } : {}),
  };
}

/** An application credential carries its own project; Keystone refuses one that asks for another scope. */
export function patchOf(fields: Fields): Omit<SwiftFields, "container"> {
  const application = isApplicationCredential(fields);
  return {
    ...defined({ authURL: fields.auth_url, regionName: fields.region_name }),
    ...(application
      ? {}
      : defined({
          tenant: fields.project_name,
          tenantID: fields.project_name === undefined ? fields.project_id : undefined,
          domain: fields.user_domain_name,
          domainID: fields.user_domain_name === undefined ? fields.user_domain_id : undefined,
        })),
  };
}
