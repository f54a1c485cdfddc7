/** The one reader of clouds.yaml: its fields by their own names, as text. Pure. */
import { type Mistake, NotYaml, readGoYaml, type Shape } from "./go-yaml";
import { readYamlText } from "./yaml-text";

const authNames = [
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
] as const;

/** Names that fields have in older files. */
const olderNames: Readonly<Record<string, (typeof authNames)[number]>> = {
  user_name: "username",
  tenant_name: "project_name",
  tenant_id: "project_id",
};

export type CloudFieldName = (typeof authNames)[number] | "region_name" | "interface";

/** One cloud's fields by clouds.yaml's names. Empty ones are absent; `interface` is without `URL` at its end. */
export type CloudFields = Readonly<Partial<Record<CloudFieldName, string>>>;

/** One cloud of the file as it is written. */
export type CloudEntry = Readonly<Record<string, unknown>>;

export type FoundCloud =
  | { readonly found: true; readonly entry: CloudEntry; readonly mistakes: readonly Mistake[] }
  /** `known`: names of the clouds there are; undefined when the file has no `clouds`. */
  | { readonly found: false; readonly why: "no-cloud"; readonly known: readonly string[] | undefined }
  /** `what` quotes nothing of the file, which may hold the password. */
  | { readonly found: false; readonly why: "no-yaml"; readonly what: string };

/** Looks a cloud up by its name. */
export function findCloud(yamlText: string, cloudName: string): FoundCloud {
  let root: unknown;
  let mistakes: readonly Mistake[];
  try {
    ({ tree: root, mistakes } = readGoYaml(yamlText, cloudsShape));
  } catch (error) {
    if (error instanceof NotYaml) return { found: false, why: "no-yaml", what: error.message };
    throw error;
  }
  const clouds = record(record(root)?.["clouds"]);
  const known = clouds && Object.keys(clouds);
  const entry = known?.includes(cloudName) ? record(clouds?.[cloudName]) : undefined;
  return entry ? { found: true, entry, mistakes } : { found: false, why: "no-cloud", known };
}

/**
 * The same of a file that only other clients may read, such as one of JSON with escaped slashes: the mover's command line
 * takes it. Where the registry's operator has to read it, it was refused before.
 */
export function findCloudOfAny(yamlText: string, cloudName: string): FoundCloud {
  const strict = findCloud(yamlText, cloudName);
  if (strict.found || strict.why !== "no-yaml") return strict;
  try {
    return findCloud(JSON.stringify(readYamlText(yamlText) ?? {}), cloudName);
  } catch {
    return strict;
  }
}

const texts = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "text" as const]));

/** The fields that the registry's operator has (gophercloud's `clientconfig`, results.go). */
const cloudsShape: Shape = {
  fields: {
    clouds: {
      each: {
        fields: {
          ...texts(["cloud", "profile", "auth_type", "region_name", "endpoint_type", "interface"]),
          ...texts(["identity_api_version", "volume_api_version", "cacert", "cert", "key"]),
          verify: "flag",
          auth: {
            fields: {
              ...texts([...authNames, "token", "domain_name", "domain_id", "default_domain"]),
              allow_reauth: "flag",
            },
          },
        },
      },
    },
  },
};

/** The fields of an entry. `onProblem` gets the name of each that is no text. */
export function fieldsOf(
  entry: CloudEntry,
  onProblem: (field: string) => void = () => undefined,
): CloudFields {
  const auth = record(entry["auth"]) ?? {};
  const fields: Partial<Record<CloudFieldName, string>> = {};
  const read = (from: CloudEntry, key: string): string | undefined => {
    const value = from[key];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value === "string") return value;
    onProblem(from === auth ? `auth.${key}` : key);
    return undefined;
  };
  const set = (name: CloudFieldName, value: string | undefined): void => {
    if (value !== undefined) fields[name] ??= value;
  };
  for (const name of authNames) set(name, read(auth, name));
  for (const [older, name] of Object.entries(olderNames)) set(name, read(auth, older));
  const domain = { name: read(auth, "domain_name"), id: read(auth, "domain_id") };
  for (const whose of ["user", "project"] as const) {
    if (fields[`${whose}_domain_name`] !== undefined || fields[`${whose}_domain_id`] !== undefined) continue;
    if (domain.id === undefined) set(`${whose}_domain_name`, domain.name);
    else set(`${whose}_domain_id`, domain.id);
  }
  set("region_name", read(entry, "region_name") ?? onlyRegion(entry["regions"]));
  set("interface", (read(entry, "interface") ?? read(entry, "endpoint_type"))?.replace(/URL$/, ""));
  return fields;
}

function onlyRegion(regions: unknown): string | undefined {
  if (!Array.isArray(regions) || regions.length !== 1) return undefined;
  const [only] = regions as unknown[];
  const name = typeof only === "string" ? only : record(only)?.["name"];
  return typeof name === "string" && name !== "" ? name : undefined;
}

function record(value: unknown): CloudEntry | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as CloudEntry)
    : undefined;
}
