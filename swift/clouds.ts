import { fieldsOf, findCloud, type CloudEntry, type CloudFields } from "./cloud-fields";
import type { CloudSettings } from "./settings";
import { defined } from "./defined";

/** CloudSettings as a clouds.yaml tells them, without the secret: that is read when it is needed. */
export type ParsedCloud = Omit<CloudSettings, "auth" | "caFiles"> & {
  readonly auth: DistributiveOmit<CloudSettings["auth"], "secret">;
  /** The path `cacert` names; it may be a path on another machine. */
  readonly cacert?: string;
};
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export type CloudsResult =
  | { readonly ok: true; readonly cloud: ParsedCloud }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads one cloud of a clouds.yaml: password or application credential (by id or name), project by id or
 * name, domains, region, interface, CA. Pure; every problem is reported, and no value of a secret ever is.
 */
export function parseClouds(yamlText: string, cloudName: string): CloudsResult {
  const cloud = findCloud(yamlText, cloudName);
  if (!cloud.found) return { ok: false, problems: [notFound(cloud, cloudName)] };
  const { entry } = cloud;
  const problems: string[] = [];
  const tell = (problem: string): void => void problems.push(`cloud "${cloudName}": ${problem}`);
  const fields = fieldsOf(entry, (field) => tell(`${field} is not a text`));
  checkPlace(entry, fields, tell);
  const auth = authOf(entry, fields, tell);
  const face = faceOf(fields, tell);
  const { cacert, verify } = entry;
  if (verify !== undefined && !(typeof verify === "string" && /^(true|false|yes|no|on|off)$/i.test(verify)))
    tell("verify must be true or false");
  if (problems.length > 0 || !auth) return { ok: false, problems };
  return {
    ok: true,
    cloud: {
      authUrl: fields.auth_url!,
      auth,
      ...defined({ region: fields.region_name, interface: face }),
      ...(typeof cacert === "string" && cacert !== "" ? { cacert } : {}),
      ...(typeof verify === "string" && /^(false|no|off)$/i.test(verify) ? { insecure: true } : {}),
    },
  };
}

function notFound(cloud: Extract<ReturnType<typeof findCloud>, { found: false }>, name: string): string {
  if (cloud.why === "no-yaml") return `clouds.yaml cannot be read: ${cloud.what}`;
  if (cloud.known === undefined) return "clouds.yaml has no `clouds`";
  return `clouds.yaml has no cloud "${name}"; it has: ${cloud.known.join(", ") || "none"}`;
}

function checkPlace(entry: CloudEntry, { auth_url }: CloudFields, tell: (problem: string) => void): void {
  if (auth_url === undefined)
    tell(
      entry["profile"] === undefined
        ? "auth.auth_url is missing"
        : "auth.auth_url is missing; a profile is not read, write what it stands for into the cloud",
    );
  else if (!/^https?:\/\/[^\s]+$/.test(auth_url)) tell(`auth.auth_url "${auth_url}" is not an http(s) URL`);
  const version = entry["identity_api_version"];
  if (version !== undefined && !(typeof version === "string" && /^v?3(\.\d+)?$/.test(version)))
    tell(`identity_api_version ${JSON.stringify(version)} is not supported, only 3 is`);
}

function faceOf(fields: CloudFields, tell: (problem: string) => void): CloudSettings["interface"] {
  const face = fields.interface;
  if (face === undefined || face === "public" || face === "internal" || face === "admin") return face;
  tell(`interface ${JSON.stringify(face)} must be one of public, internal, admin`);
  return undefined;
}

function authOf(
  entry: CloudEntry,
  fields: CloudFields,
  tell: (problem: string) => void,
): ParsedCloud["auth"] | undefined {
  const secret = fields.application_credential_secret;
  const type = entry["auth_type"] ?? (secret === undefined ? "password" : "v3applicationcredential");
  const hasUser = fields.username !== undefined || fields.user_id !== undefined;
  const user = defined({
    username: fields.username,
    userId: fields.user_id,
    userDomainName: fields.user_domain_name,
    userDomainId: fields.user_domain_id,
  });
  if (type === "v3applicationcredential") {
    const { application_credential_id: id, application_credential_name: name } = fields;
    if (secret === undefined) tell("auth.application_credential_secret is missing");
    if (id === undefined && name === undefined)
      tell("auth needs application_credential_id or application_credential_name");
    else if (id === undefined && !hasUser)
      tell("application_credential_name needs username or user_id beside it (an id does not)");
    return {
      type,
      ...defined({ applicationCredentialId: id, applicationCredentialName: name }),
      ...(id === undefined ? user : {}),
    };
  }
  if (type === "password" || type === "v3password") {
    if (!hasUser) tell("auth.username or auth.user_id is missing");
    if (fields.password === undefined) tell("auth.password is missing");
    if (fields.project_name === undefined && fields.project_id === undefined)
      tell("auth.project_name or auth.project_id is missing");
    return {
      type: "password",
      ...user,
      ...defined({
        projectName: fields.project_name,
        projectId: fields.project_id,
        projectDomainName: fields.project_domain_name,
        projectDomainId: fields.project_domain_id,
      }),
    };
  }
  tell(`auth_type ${JSON.stringify(type)} must be one of password, v3applicationcredential`);
  return undefined;
}
