/**
 * The OpenStack provider with every argument set: the values that the resolver found, and a neutral value for every other
 * argument that the provider would take from the workstation's OS_* variables.
 */
import * as pulumi from "@pulumi/pulumi";
import { Provider, type ProviderArgs } from "@pulumi/openstack/provider";
import type { OpenstackProviderArgs } from "../cluster/cloud/cloud";

/** Every argument of the provider with a default from the environment, and the value that means "none". */
const neutral = {
  allowReauth: true,
  applicationCredentialId: "",
  applicationCredentialName: "",
  applicationCredentialSecret: "",
  cacertFile: "",
  cert: "",
  cloud: "",
  defaultDomain: "default",
  delayedAuth: true,
  domainId: "",
  domainName: "",
  endpointType: "public",
  insecure: false,
  key: "",
  password: "",
  projectDomainId: "",
  projectDomainName: "",
  region: "",
  swauth: false,
  systemScope: false,
  tenantId: "",
  tenantName: "",
  token: "",
  userDomainId: "",
  userDomainName: "",
  userId: "",
  userName: "",
} as const satisfies ProviderArgs;

/**
 * Adds the project's id, taken from the account's URL: in Swift it ends in `AUTH_<project id>`. With an id the provider
 * ignores every variable that names a project. Where the URL has no such end (Ceph's gateway) nothing is added.
 */
export function withProject(
  cloud: OpenstackProviderArgs,
  account: string | undefined,
): OpenstackProviderArgs {
  if (cloud.applicationCredentialSecret !== undefined || cloud.tenantId !== undefined) return cloud;
  const tenantId = /\/AUTH_([0-9a-f]{32})$/.exec(account ?? "")?.[1];
  return tenantId === undefined ? cloud : { ...cloud, tenantId };
}

/**
 * With the account's own URL in place of what the provider would take from the catalog: the first service of type
 * object-store, whatever its name. The operator takes the one named swift, and so do we; a catalog may have both.
 */
export function withAccount(
  cloud: OpenstackProviderArgs,
  account: string | undefined,
): OpenstackProviderArgs {
  return account === undefined ? cloud : { ...cloud, endpointOverrides: { "object-store": `${account}/` } };
}

/** All arguments; the secret ones are marked as secrets. */
export function providerArgs(cloud: OpenstackProviderArgs): ProviderArgs {
  const { endpointOverrides, ...rest } = cloud;
  return {
    ...neutral,
    ...rest,
    ...(endpointOverrides === undefined ? {} : { endpointOverrides: { ...endpointOverrides } }),
    password: pulumi.secret(cloud.password ?? ""),
    applicationCredentialSecret: pulumi.secret(cloud.applicationCredentialSecret ?? ""),
  };
}

/** The provider for the account that the operator uses. */
export function openstackProvider(cloud: OpenstackProviderArgs, options: pulumi.ResourceOptions): Provider {
  return new Provider("openstack", providerArgs(cloud), options);
}

/**
 * Names of variables that the provider uses although every argument is given. For an empty argument the library inside
 * the provider (gophercloud's clientconfig, seen in provider 3.15.2) reads the variable itself, and no argument value
 * means "none" to it. A variable is harmless when the argument that it would replace is not empty.
 */
export function leakingVariables(
  environment: Readonly<Record<string, string | undefined>>,
  cloud: OpenstackProviderArgs,
): readonly string[] {
  const given = (...values: readonly (string | undefined)[]) => values.some((each) => (each ?? "") !== "");
  const application = given(cloud.applicationCredentialSecret);
  const harmful: Readonly<Record<string, boolean>> = {
    // Another cloud, another protocol or another kind of login always does harm.
    OS_CLOUD: true,
    OS_IDENTITY_API_VERSION: !["", "3"].includes(environment["OS_IDENTITY_API_VERSION"] ?? ""),
    OS_TOKEN: true,
    OS_AUTH_TOKEN: true,
    OS_APPLICATION_CREDENTIAL_ID: !given(cloud.applicationCredentialId),
    OS_APPLICATION_CREDENTIAL_NAME: !given(cloud.applicationCredentialId, cloud.applicationCredentialName),
    OS_APPLICATION_CREDENTIAL_SECRET: !application,
    // With an application credential a password would come first; both a user's name and id is an error.
    OS_PASSWORD: !given(cloud.password),
    OS_USER_ID: !given(cloud.userId),
    OS_USERNAME: !given(cloud.userName),
    OS_USER_DOMAIN_ID: !given(cloud.userDomainId),
    OS_USER_DOMAIN_NAME: !given(cloud.userDomainName),
    // These fill in both domains where a domain's id or name is empty; a domain by both id and name is an error.
    OS_DOMAIN_ID:
      !given(cloud.userDomainId) || (!application && !given(cloud.projectDomainId, cloud.tenantId)),
    OS_DOMAIN_NAME:
      !given(cloud.userDomainName) || (!application && !given(cloud.projectDomainName, cloud.tenantId)),
    // A project's id comes before its name.
    OS_TENANT_ID: !application && !given(cloud.tenantId),
    OS_PROJECT_ID: !application && !given(cloud.tenantId),
    OS_TENANT_NAME: !application && !given(cloud.tenantName, cloud.tenantId),
    OS_PROJECT_NAME: !application && !given(cloud.tenantName, cloud.tenantId),
    OS_PROJECT_DOMAIN_ID: !application && !given(cloud.projectDomainId, cloud.tenantId),
    OS_PROJECT_DOMAIN_NAME: !application && !given(cloud.projectDomainName, cloud.tenantId),
  };
  return Object.keys(harmful).filter((name) => harmful[name] === true && (environment[name] ?? "") !== "");
}
