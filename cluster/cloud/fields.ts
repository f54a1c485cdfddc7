/** One cloud's fields, from each of the places that have them, and what is wrong with them. Pure. */
import { fieldsOf, findCloud, type CloudFieldName, type CloudFields } from "../../swift/cloud-fields";
import { installerSecretName, namespace, userSecretName } from "../names";
import { isHttpUrl } from "./keystone-url";
import { defined } from "../../swift/defined";

/** One cloud's fields, by clouds.yaml's names, wherever they came from. */
export type Fields = CloudFields;

/** The fields of the installer's secret, or a text that says why there are none and quotes no secret. */
export function cloudFields(
  secret: Readonly<Record<string, string>> | undefined,
  cloudName: string,
): Fields | string {
  if (secret === undefined) {
    return (
      `neither secret ${userSecretName} nor ${installerSecretName} exists in ${namespace}; ` +
      "the cloud credential operator makes the latter: oc get credentialsrequest -n openshift-cloud-credential-operator"
    );
  }
  const text = secret["clouds.yaml"];
  if (text === undefined) {
    return `secret ${installerSecretName} has no key clouds.yaml`;
  }
  const cloud = findCloud(text, cloudName);
  if (cloud.found) {
    // No interface and no `regions`: the operator and the registry take the public endpoint, and without region_name that
    // of the first region, whatever else clouds.yaml says.
    const { regions: _r, ...entry } = cloud.entry;
    const { interface: _i, ...fields } = fieldsOf(entry);
    return withProjectDomain(fields);
  }
  return cloud.why === "no-yaml"
    ? `clouds.yaml in secret ${installerSecretName} cannot be read as the registry's operator reads it: ${cloud.what}`
    : `clouds.yaml in secret ${installerSecretName} has no cloud "${cloudName}" (the name that the infrastructure ` +
        `tells); it has: ${(cloud.known ?? []).join(", ") || "none"}`;
}

/**
 * The operator takes one domain for user and project, the user's. Where the project's is named in the same way, by name
 * or by id, it stays: if it is another one, the plan says so (`operator-rules.ts`). Named in the other way it cannot be
 * compared, and Keystone decides at once what it would decide for the operator.
 */
function withProjectDomain(fields: Fields): Fields {
  const { user_domain_id: id, user_domain_name: name, ...rest } = fields;
  const { project_domain_id: projectId, project_domain_name: projectName, ...others } = rest;
  const nothing = id === undefined && name === undefined;
  const comparable =
    (id !== undefined && projectId !== undefined) || (name !== undefined && projectName !== undefined);
  return nothing || comparable
    ? fields
    : {
        ...others,
        ...defined({
          user_domain_id: id,
          user_domain_name: name,
          project_domain_id: id,
          project_domain_name: name,
        }),
      };
}

/** Keys of the user's secret, without their common prefix, for both ways to sign in. */
const userKeys = [
  "USERNAME",
  "PASSWORD",
  "APPLICATIONCREDENTIALID",
  "APPLICATIONCREDENTIALNAME",
  "APPLICATIONCREDENTIALSECRET",
] as const;

/** Until 4.14 the operator ends at a key that is absent, even one that it would not use (read in its release branches). */
function needsEveryKey(version: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\b/.exec(version ?? "") ?? [];
  return major === "4" && Number(minor) < 15;
}

/** The fields, or a text that says what is wrong with the secret. `version`: OpenShift's, such as `4.14.3`. */
export function userFields(
  secret: Readonly<Record<string, string>>,
  version?: string,
): { fields: Fields; secretKey: string } | string {
  const key = (name: string) => `REGISTRY_STORAGE_SWIFT_${name}`;
  const value = (name: string) => (secret[key(name)] ?? "").trim();
  const absent = userKeys.map(key).filter((each) => secret[each] === undefined);
  if (absent.length > 0 && absent.length < userKeys.length && needsEveryKey(version)) {
    const empty = JSON.stringify({ stringData: Object.fromEntries(absent.map((each) => [each, ""])) });
    return (
      `secret ${userSecretName} lacks ${absent.join(", ")}: the operator of ${version ?? ""} needs all five keys; ` +
      `those of the unused way to sign in may be empty: oc -n ${namespace} patch secret ${userSecretName} -p '${empty}'`
    );
  }
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
      `secret ${userSecretName} holds only a token (${key("TOKENID")}), which expires while a copy runs; ` +
      `give ${key("USERNAME")} and ${key("PASSWORD")}, or the three keys of an application credential`
    );
  }
  return (
    `secret ${userSecretName} holds neither ${key("USERNAME")} and ${key("PASSWORD")} nor ` +
    `${key("APPLICATIONCREDENTIALID")}, ${key("APPLICATIONCREDENTIALNAME")} and ${key("APPLICATIONCREDENTIALSECRET")}`
  );
}

/**
 * The fields that say where the cloud is, not who signs in: only these may be taken from clouds.yaml beside other
 * credentials.
 */
export function placeOnly(fields: Fields, withProject = true): Fields {
  const names: readonly CloudFieldName[] = [
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

export function fromSwiftSpec(swift: Readonly<Record<string, string>> | undefined): Fields {
  const pairs: readonly (readonly [CloudFieldName, string | undefined])[] = [
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

export function fromStackConfig(openstack: Readonly<Record<string, string>>): Fields {
  const pairs: readonly (readonly [CloudFieldName, string | undefined])[] = [
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

export function hasLogin(fields: Fields): boolean {
  return fields.password !== undefined || fields.application_credential_secret !== undefined;
}

export function isApplicationCredential(fields: Fields): boolean {
  return fields.application_credential_secret !== undefined;
}

export function secretOf(fields: Fields): string {
  return fields.application_credential_secret ?? fields.password ?? "";
}

export function problemOf(fields: Fields, source: string): string | undefined {
  if (fields.auth_url === undefined) {
    return (
      `${source} does not name Keystone's URL; it comes from auth.auth_url of clouds.yaml in secret ` +
      `${installerSecretName}, or from spec.storage.swift.authURL, or from openstack:authUrl`
    );
  }
  if (!isHttpUrl(fields.auth_url)) {
    return `${source}: Keystone's URL "${fields.auth_url}" is not a URL that begins with https:// or http://`;
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
