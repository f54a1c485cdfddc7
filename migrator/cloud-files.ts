/**
 * Finds a cloud where OpenStack's own clients do (openstacksdk, `openstack/config/loader.py`): clouds.yaml and
 * secure.yaml in three folders, or where a variable says. For the command line only: in the Pod the settings name
 * every file, and no variable is read.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fieldsOf, findCloud, type CloudFields } from "../swift/cloud-fields";
import { parseClouds } from "../swift/clouds";
import type { CloudSettings } from "../swift/settings";
import { readYamlText, treeAt, type TextTree } from "../swift/yaml-text";
import { MoverError, errnoOf, messageOf } from "./errors";

/** Where the command line was called; tests have their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly home: string;
  /** The folder of the machine's own files. */
  readonly site: string;
}

export function surroundings(): Surroundings {
  return { env: process.env, folder: process.cwd(), home: homedir(), site: "/etc/openstack" };
}

/** What the options name. The rest comes from OS_CLOUD, OS_CLIENT_CONFIG_FILE and the usual places. */
export interface CloudChoice {
  readonly cloud?: string | undefined;
  readonly file?: string | undefined;
}

interface Found {
  readonly path: string;
  readonly tree: TextTree;
}

/**
 * One cloud as settings. The secret stays in its file and is read when a token is needed.
 * Throws MoverError `usage` with the files that were read, or all the places that were looked at.
 */
export function findCloudSettings(choice: CloudChoice, around: Surroundings): CloudSettings {
  const clouds = findClouds(choice, around);
  const secure = findFile("secure", "OS_CLIENT_SECURE_FILE", around);
  const tree = secure === undefined ? clouds.tree : merge(clouds.tree, secure.tree);
  // JSON is YAML whose texts are quoted, so that what was read as text stays text.
  const text = JSON.stringify(tree ?? {});
  const files = secure === undefined ? clouds.path : `${clouds.path} with ${secure.path}`;
  const name = choice.cloud ?? filled(around.env["OS_CLOUD"]) ?? onlyCloud(tree, files);
  const result = parseClouds(text, name);
  if (!result.ok) throw new MoverError("usage", `${files}: ${result.problems.join("; ")}`);
  const { cacert, auth, ...rest } = result.cloud;
  const path = secure !== undefined && holdsSecret(secure, text, name) ? secure.path : clouds.path;
  return {
    ...rest,
    auth: { ...auth, secret: { kind: "clouds", path, cloud: name } },
    ...(cacert === undefined ? {} : { caFiles: [caPath(cacert, clouds.path, around)] }),
  };
}

function findClouds({ file }: CloudChoice, around: Surroundings): Found {
  const found =
    file === undefined
      ? findFile("clouds", "OS_CLIENT_CONFIG_FILE", around)
      : readNamed(file, "--os-client-config", around);
  if (found !== undefined) return found;
  const openrc =
    filled(around.env["OS_AUTH_URL"]) === undefined
      ? ""
      : " (OS_AUTH_URL and the other variables of an openrc file are not read)";
  throw new MoverError(
    "usage",
    `no clouds.yaml (nor .yml, .json) in ${folders(around).join(", ")}${openrc}; name one with --os-client-config or OS_CLIENT_CONFIG_FILE`,
  );
}

/** The file that the variable names, which must be there, or the first in the usual places. */
function findFile(stem: string, variable: string, around: Surroundings): Found | undefined {
  const name = filled(around.env[variable]);
  if (name !== undefined) return readNamed(name, variable, around);
  for (const folder of folders(around))
    for (const suffix of [".yaml", ".yml", ".json"]) {
      const path = join(folder, stem + suffix);
      try {
        return { path, tree: treeOf(path, readFileSync(path, "utf8")) };
      } catch (error) {
        if (errnoOf(error) === "ENOENT") continue;
        throw unreadable(path, error);
      }
    }
  return undefined;
}

function readNamed(name: string, by: string, around: Surroundings): Found {
  const path = resolve(around.folder, untilde(name, around));
  try {
    return { path, tree: treeOf(path, readFileSync(path, "utf8")) };
  } catch (error) {
    throw unreadable(`${path}, which ${by} names`, error);
  }
}

function treeOf(path: string, content: string): TextTree {
  try {
    return readYamlText(content);
  } catch {
    // The parser's own message quotes the line, which may hold the password.
    throw new MoverError("usage", `${path} is not valid YAML`);
  }
}

function unreadable(what: string, error: unknown): MoverError {
  return error instanceof MoverError
    ? error
    : new MoverError("usage", `cannot read ${what}: ${messageOf(error)}`, { cause: error });
}

function folders({ env, folder, home, site }: Surroundings): readonly string[] {
  return [folder, join(filled(env["XDG_CONFIG_HOME"]) ?? join(home, ".config"), "openstack"), site];
}

/** Without a name, the cloud is the only one there is. */
function onlyCloud(tree: TextTree, files: string): string {
  const clouds = treeAt(tree, "clouds");
  const names = isMap(clouds) ? Object.keys(clouds) : [];
  if (names.length === 1) return names[0]!;
  throw new MoverError(
    "usage",
    names.length === 0
      ? `${files}: there is no cloud in it`
      : `which cloud? ${files} has ${names.join(", ")}; name one with --cloud or OS_CLOUD`,
  );
}

/** Whether the secret that counts, once both files are merged, stands in secure.yaml. */
function holdsSecret(secure: Found, merged: string, name: string): boolean {
  const field =
    fieldsIn(merged, name).application_credential_secret === undefined
      ? "password"
      : "application_credential_secret";
  return fieldsIn(JSON.stringify(secure.tree ?? {}), name)[field] !== undefined;
}

function fieldsIn(text: string, name: string): CloudFields {
  const cloud = findCloud(text, name);
  return cloud.found ? fieldsOf(cloud.entry) : {};
}

/** Maps are merged key by key; of everything else the second one counts. */
function merge(first: TextTree, second: TextTree): TextTree {
  if (second === undefined) return first;
  if (!isMap(first) || !isMap(second)) return second;
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(first[key], second[key])]));
}

function caPath(cacert: string, cloudsPath: string, around: Surroundings): string {
  return resolve(dirname(cloudsPath), untilde(cacert, around));
}

const untilde = (path: string, { home }: Surroundings): string => path.replace(/^~(?=\/|$)/, home);

const filled = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

function isMap(tree: TextTree): tree is { readonly [key: string]: TextTree } {
  return typeof tree === "object" && !Array.isArray(tree);
}
