/**
 * The kubeconfig as `oc` reads it (client-go's loading rules): several files in KUBECONFIG, of which those that do not
 * exist are skipped; the first file with a current context decides it; the first definition of a name counts; paths are
 * relative to the file that has them. What is left is one cluster, one user, one context: this program and Pulumi's
 * Kubernetes provider are given the same text, so that both act on one cluster.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { isUsableProxy, withoutLogin } from "../../swift/proxy";
import { hasScheme } from "../../swift/scheme";

/** The keys of stack config `kubernetes:*` that say where the cluster is. */
export interface KubeSettings {
  /** A path (a leading `~` is the home folder) or the content itself. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

type Entry = Readonly<Record<string, unknown>>;

/** One cluster and how to log in to it. */
export interface Kubeconfig {
  /**
   * Fields of `cluster` and `user`, by the kubeconfig's own names; paths are absolute. Empty when nothing was found.
   */
  readonly cluster: Entry;
  readonly user: Entry;
  /** The context's name; empty when no context is current. */
  readonly context: string;
  /** The same as a kubeconfig with this one context, as text. It may hold a token or a key: a secret. */
  readonly content: string;
}

interface Document {
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly current: string;
}

/** Where a Pod finds its service account. */
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Reads `kubernetes:kubeconfig` (content or path) with `kubernetes:context`; without the former what `oc` would read:
 * KUBECONFIG, then `~/.kube/config`, then the Pod's service account.
 * @throws Error of one line that names the setting, the variable or the file; never the content
 */
export function readKubeconfig(
  settings: KubeSettings,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Kubeconfig {
  const merged = merge(documents(settings, env));
  const wanted = settings.context?.trim() ?? "";
  const context = wanted === "" ? merged.current : wanted;
  const chosen =
    context === ""
      ? {}
      : known(
          merged.contexts,
          context,
          wanted === "" ? "current-context of the kubeconfig is" : "kubernetes:context is",
        );
  const names = (key: "cluster" | "user") => `context "${context}" of the kubeconfig names ${key}`;
  const cluster =
    context === ""
      ? {}
      : usable(withScheme(known(merged.clusters, textOf(chosen["cluster"]), names("cluster"))), context);
  // A context without a user is nobody's, as it is to `oc`.
  const userName = textOf(chosen["user"]);
  const user = userName === "" ? {} : known(merged.users, userName, names("user"));
  return { cluster, user, context, content: contentOf(cluster, user) };
}

/** The entry of that name; `what` says where the name stands. @throws Error that tells which names there are */
function known(entries: ReadonlyMap<string, Entry>, name: string, what: string): Entry {
  const found = entries.get(name);
  if (found === undefined) {
    const there = [...entries.keys()].join(", ") || "none";
    throw new Error(
      `${what} "${name}", which the kubeconfig does not have; it has: ${there}; ` +
        "choose a context that is complete (oc config get-contexts): pulumi config set kubernetes:context <name>",
    );
  }
  return found;
}

/** @throws Error that names an address that is none: later it would look like a server that does not answer */
function usable(cluster: Entry, context: string): Entry {
  const server = textOf(cluster["server"]);
  const proxy = textOf(cluster["proxy-url"]);
  const [key, wrong] = !(/^https?:\/\//i.test(server) && URL.canParse(server))
    ? (["server", server] as const)
    : proxy !== "" && !(hasScheme(proxy) && isUsableProxy(proxy))
      ? (["proxy-url", withoutLogin(proxy)] as const)
      : [];
  if (key !== undefined) {
    throw new Error(
      `${key} of context "${context}" in the kubeconfig is "${wrong}"; it must begin with https:// or http://` +
        `${key === "server" ? "" : ", or socks5://"}; log in (oc login), or choose another context: ` +
        "pulumi config set kubernetes:context <name>",
    );
  }
  return cluster;
}

/** client-go takes a server without a scheme: by TLS where the entry says anything about it. */
function withScheme(cluster: Entry): Entry {
  const server = textOf(cluster["server"]);
  if (server === "" || hasScheme(server)) {
    return cluster;
  }
  const secure = ["certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify"].some(
    (key) => ![undefined, "", false].includes(cluster[key] as string | false | undefined),
  );
  return { ...cluster, server: `${secure ? "https" : "http"}://${server}` };
}

function documents(
  settings: KubeSettings,
  env: Readonly<Record<string, string | undefined>>,
): readonly Document[] {
  const given = settings.kubeconfig?.trim() ?? "";
  if (/[\n{]/.test(given)) {
    return [parsed(given, process.cwd(), "the kubeconfig given as content in kubernetes:kubeconfig")];
  }
  if (given !== "") {
    const path = given.replace(/^~(?=\/|$)/, homedir());
    if (!existsSync(path)) {
      throw new Error(
        `kubernetes:kubeconfig names "${given}", which does not exist; set it to the path or the content of a ` +
          "kubeconfig: pulumi config set kubernetes:kubeconfig <path>",
      );
    }
    return [fromFile(path)];
  }
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const paths = listed.length > 0 ? listed : [join(homedir(), ".kube", "config")];
  const there = paths.filter((path) => existsSync(path));
  if (there.length > 0) {
    return there.map(fromFile);
  }
  if (listed.length > 0) {
    throw new Error(
      `KUBECONFIG names ${listed.join(", ")}, of which none exists; log in (oc login), or set the path: ` +
        "pulumi config set kubernetes:kubeconfig <path>",
    );
  }
  const own = fromServiceAccount(env);
  return own === undefined ? [] : [own];
}

function fromFile(path: string): Document {
  const file = resolve(path);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(
      `the kubeconfig "${path}" cannot be read: ${(error as Error).message}; log in (oc login), or set another: ` +
        "pulumi config set kubernetes:kubeconfig <path>",
      { cause: error },
    );
  }
  return parsed(text, dirname(file), `the kubeconfig "${path}"`);
}

/** The kubeconfig of a Pod's service account; `undefined` outside of a Pod. */
function fromServiceAccount(env: Readonly<Record<string, string | undefined>>): Document | undefined {
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "";
  if (host === "" || port === "" || !existsSync(join(serviceAccount, "token"))) {
    return undefined;
  }
  const name = "in-cluster";
  return {
    clusters: new Map([
      [
        name,
        {
          server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
          "certificate-authority": join(serviceAccount, "ca.crt"),
        },
      ],
    ]),
    users: new Map([[name, { tokenFile: join(serviceAccount, "token") }]]),
    contexts: new Map([[name, { cluster: name, user: name }]]),
    current: name,
  };
}

function parsed(text: string, folder: string, what: string): Document {
  let root: unknown;
  try {
    root = parse(text, { merge: true });
  } catch {
    // The parser's message quotes the content, tokens included: neither it nor the cause is kept.
    throw new Error(`${what} is not valid YAML`);
  }
  if (root !== null && (typeof root !== "object" || Array.isArray(root))) {
    throw new Error(`${what} is not a kubeconfig: it holds no mapping`);
  }
  const document = (root ?? {}) as Entry;
  return {
    clusters: named(document["clusters"], "cluster", (each) =>
      absolute(dataFirst(each, ["certificate-authority"]), folder, ["certificate-authority"]),
    ),
    users: named(document["users"], "user", (each) => {
      const user = dataFirst(each, ["client-certificate", "client-key"]);
      return withCommand(absolute(user, folder, ["client-certificate", "client-key", "tokenFile"]), folder);
    }),
    contexts: named(document["contexts"], "context", (each) => each),
    current: textOf(document["current-context"]),
  };
}

/** The list of named entries as a map; of two with the same name the first counts. */
function named(list: unknown, key: string, of: (entry: Entry) => Entry): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const each of Array.isArray(list) ? (list as unknown[]) : []) {
    const { name, [key]: value } = (each ?? {}) as { name?: unknown; [key: string]: unknown };
    const text = textOf(name);
    if (text !== "" && !entries.has(text)) {
      entries.set(text, of((typeof value === "object" && value !== null ? value : {}) as Entry));
    }
  }
  return entries;
}

/** What stands in the text counts before a file of the same purpose; both readers are left one of them. */
function dataFirst(entry: Entry, keys: readonly string[]): Entry {
  const twice = new Set(keys.filter((key) => textOf(entry[`${key}-data`]) !== ""));
  return Object.fromEntries(Object.entries(entry).filter(([key]) => !twice.has(key)));
}

function absolute(entry: Entry, folder: string, keys: readonly string[]): Entry {
  const paths = keys
    .map((key) => [key, textOf(entry[key])] as const)
    .filter(([, path]) => path !== "" && !isAbsolute(path))
    .map(([key, path]) => [key, join(folder, path)] as const);
  return paths.length === 0 ? entry : { ...entry, ...Object.fromEntries(paths) };
}

/** A plugin's command that contains a separator is relative to the file; a bare name is looked for on PATH. */
function withCommand(user: Entry, folder: string): Entry {
  const plugin = user["exec"] as Entry | null | undefined;
  const command = textOf(plugin?.["command"]);
  return command.includes("/") && !isAbsolute(command)
    ? { ...user, exec: { ...plugin, command: join(folder, command) } }
    : user;
}

function merge(all: readonly Document[]): Document {
  const first = (pick: (document: Document) => ReadonlyMap<string, Entry>) =>
    new Map(all.toReversed().flatMap((document) => Array.from(pick(document))));
  return {
    clusters: first((document) => document.clusters),
    users: first((document) => document.users),
    contexts: first((document) => document.contexts),
    current: all.find((document) => document.current !== "")?.current ?? "",
  };
}

/** The names are always the same, so that a renamed context is no change to the provider. */
function contentOf(cluster: Entry, user: Entry): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "cluster", cluster }],
    users: [{ name: "user", user }],
    contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
    "current-context": "context",
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
