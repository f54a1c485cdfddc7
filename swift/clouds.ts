import type { CloudSettings } from "./settings";
import { readYamlText } from "./yaml-text";

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
  let root: unknown;
  try {
    root = readYamlText(yamlText);
  } catch {
    // The parser's own message quotes the line, which may hold the password.
    return { ok: false, problems: ["clouds.yaml is not valid YAML"] };
  }
  const clouds = record(record(root)?.["clouds"]);
  if (!clouds) return { ok: false, problems: ["clouds.yaml has no `clouds`"] };
  const cloud = record(clouds[cloudName]);
  if (!cloud)
    return {
      ok: false,
      problems: [
        `clouds.yaml has no cloud "${cloudName}"; it has: ${Object.keys(clouds).join(", ") || "none"}`,
      ],
    };
  const problems: string[] = [];
  const where = `cloud "${cloudName}"`;
  const auth = record(cloud["auth"]) ?? {};
  const text = (key: string): string | undefined => {
    const value = auth[key];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string") return value;
    problems.push(`${where}: auth.${key} is not a text`);
    return undefined;
  };
  const authUrl = text("auth_url");
  if (!authUrl) problems.push(`${where}: auth.auth_url is missing`);
  else if (!/^https?:\/\/[^\s]+$/.test(authUrl))
    problems.push(`${where}: auth.auth_url "${authUrl}" is not an http(s) URL`);
  const version = cloud["identity_api_version"];
  if (version !== undefined && !(typeof version === "string" && /^v?3(\.\d+)?$/.test(version)))
    problems.push(`${where}: identity_api_version ${JSON.stringify(version)} is not supported, only 3 is`);

  const parsed = readAuth(cloud, text, where, problems, auth);
  const choice = cloud["interface"] ?? cloud["endpoint_type"];
  const face = typeof choice === "string" ? choice.replace(/URL$/, "") : undefined;
  if (choice !== undefined && face !== "public" && face !== "internal" && face !== "admin")
    problems.push(`${where}: interface ${JSON.stringify(choice)} must be one of public, internal, admin`);
  const region = cloud["region_name"] ?? regionOf(cloud["regions"]);
  const cacert = cloud["cacert"];
  const verify = cloud["verify"];
  if (verify !== undefined && !(typeof verify === "string" && /^(true|false|yes|no|on|off)$/i.test(verify)))
    problems.push(`${where}: verify must be true or false`);
  if (problems.length > 0 || !parsed) return { ok: false, problems };
  return {
    ok: true,
    cloud: {
      authUrl: authUrl!,
      auth: parsed,
      ...(typeof region === "string" && region !== "" ? { region } : {}),
      ...(face === undefined ? {} : { interface: face as "public" | "internal" | "admin" }),
      ...(typeof cacert === "string" && cacert !== "" ? { cacert } : {}),
      ...(typeof verify === "string" && /^(false|no|off)$/i.test(verify) ? { insecure: true } : {}),
    },
  };
}

function readAuth(
  cloud: Record<string, unknown>,
  text: (key: string) => string | undefined,
  where: string,
  problems: string[],
  auth: Record<string, unknown>,
): ParsedCloud["auth"] | undefined {
  const type =
    cloud["auth_type"] ?? (text("application_credential_secret") ? "v3applicationcredential" : "password");
  const user = {
    ...some("username", text("username") ?? text("user_name")),
    ...some("userId", text("user_id")),
    ...some("userDomainName", text("user_domain_name") ?? text("domain_name")),
    ...some("userDomainId", text("user_domain_id") ?? text("domain_id")),
  };
  const hasUser = "username" in user || "userId" in user;
  if (type === "v3applicationcredential") {
    const id = text("application_credential_id");
    const name = text("application_credential_name");
    if (auth["application_credential_secret"] === undefined)
      problems.push(`${where}: auth.application_credential_secret is missing`);
    if (!id && !name)
      problems.push(`${where}: auth needs application_credential_id or application_credential_name`);
    if (!id && name && !hasUser)
      problems.push(
        `${where}: application_credential_name needs username or user_id beside it (an id does not)`,
      );
    return {
      type,
      ...some("applicationCredentialId", id),
      ...some("applicationCredentialName", name),
      ...(id ? {} : user),
    };
  }
  if (type === "password" || type === "v3password") {
    const project = {
      ...some("projectName", text("project_name") ?? text("tenant_name")),
      ...some("projectId", text("project_id") ?? text("tenant_id")),
      ...some("projectDomainName", text("project_domain_name") ?? text("domain_name")),
      ...some("projectDomainId", text("project_domain_id") ?? text("domain_id")),
    };
    if (!hasUser) problems.push(`${where}: auth.username or auth.user_id is missing`);
    if (auth["password"] === undefined) problems.push(`${where}: auth.password is missing`);
    if (!("projectName" in project) && !("projectId" in project))
      problems.push(`${where}: auth.project_name or auth.project_id is missing`);
    return { type: "password", ...user, ...project };
  }
  problems.push(
    `${where}: auth_type ${JSON.stringify(type)} must be one of password, v3applicationcredential`,
  );
  return undefined;
}

function some<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function regionOf(regions: unknown): unknown {
  if (!Array.isArray(regions) || regions.length !== 1) return undefined;
  const [only] = regions as unknown[];
  return typeof only === "string" ? only : record(only)?.["name"];
}
