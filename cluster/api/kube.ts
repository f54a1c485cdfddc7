/** The client library's configuration for the one cluster that `kubeconfig.ts` found, reached as `oc` reaches it. */
import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { KubeConfig, type RequestContext } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { proxyFor, proxyOptions } from "../../swift/proxy";
import { systemRoots } from "../../swift/trust";
import { workstationProxy } from "../cloud/workstation-proxy";
import { type Kubeconfig, type KubeSettings, readKubeconfig } from "./kubeconfig";
import { defined } from "../../swift/defined";

export { type Kubeconfig, type KubeSettings, readKubeconfig } from "./kubeconfig";

/** Reads and converts. @throws what `readKubeconfig` and `clientOf` throw */
export function loadKubeConfig(settings: KubeSettings): KubeConfig {
  return clientOf(readKubeconfig(settings));
}

/**
 * As the client library wants it. Without a current context it has no cluster, and each call says so.
 * @throws what `workstationProxy` throws
 */
export function clientOf(kubeconfig: Kubeconfig): KubeConfig {
  // Found at the first call, it would be told as a login that does not work.
  workstationProxy(process.env);
  return new OneCluster(kubeconfig);
}

/** Milliseconds for a connection and its handshake. */
const connectMilliseconds = 10_000;

/**
 * Differs from the library's class where `oc` does: it uses the system's CAs where the kubeconfig names none, an
 * intermediate CA as trust anchor, the proxies of this shell, every impersonation header, and a token from a file.
 */
class OneCluster extends KubeConfig {
  private readonly headers: Readonly<Record<string, string | string[]>>;

  constructor(kubeconfig: Kubeconfig) {
    super();
    this.headers = impersonation(kubeconfig.user);
    if (kubeconfig.context === "") {
      return;
    }
    this.loadFromString(kubeconfig.content);
    this.users = this.users.map((user) =>
      withExecInfo(withTokenFile(user, kubeconfig.user["tokenFile"]), kubeconfig.cluster),
    );
    // The library refuses plain HTTP unless this is set; `oc` takes it.
    this.clusters = this.clusters.map((cluster) =>
      cluster.server?.startsWith("http:") ? { ...cluster, skipTLSVerify: true } : cluster,
    );
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const options: RequestOptions = {};
    try {
      await this.applyToHTTPSOptions(options);
    } catch (error) {
      throw this.pluginFailed(error) ?? error;
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (!name.startsWith("Impersonate-")) {
        context.setHeaderParam(name, String(value));
      }
    }
    context.setDispatcher(this.dispatcher(options));
  }

  /** The library's own error says neither which plugin failed nor how to get it. */
  private pluginFailed(error: unknown): Error | undefined {
    const exec = this.getCurrentUser()?.exec as Plugin | undefined;
    if (exec === undefined) {
      return undefined;
    }
    const said = wordsOf(error);
    const hint = (exec.installHint ?? "").trim();
    return new Error(
      `exec plugin "${exec.command ?? ""}" failed: ${said || "it said nothing"}${hint === "" ? "" : `; ${hint}`}`,
      { cause: error },
    );
  }

  private dispatcher(options: RequestOptions): Dispatcher {
    const cluster = this.getCurrentCluster();
    const server = cluster?.server ?? "";
    const tls = {
      ca: options.ca ?? systemRoots(),
      allowPartialTrustChain: true,
      timeout: connectMilliseconds,
      ...defined({
        cert: options.cert,
        key: options.key,
        pfx: options.pfx,
        passphrase: options.passphrase,
        servername: options.servername,
        rejectUnauthorized: options.rejectUnauthorized,
      }),
    };
    const proxy = cluster?.proxyUrl ?? proxyFor(server, workstationProxy(process.env));
    const connection: Dispatcher =
      proxy === undefined
        ? new Agent({ connect: tls })
        : new ProxyAgent({
            ...proxyOptions(proxy, { ca: systemRoots(), allowPartialTrustChain: true }),
            requestTls: tls,
          });
    // Set below `fetch`, which would fold several groups into one header; the API server would take that for one
    // group.
    return connection.compose(
      (dispatch) => (request, handler) =>
        dispatch({ ...request, headers: withHeaders(request.headers, this.headers) }, handler),
    );
  }
}

/** What could not be read of a plugin's answer is not quoted: it may be a token. */
function wordsOf(error: unknown): string {
  const { name, message } = error as { name?: unknown; message?: unknown };
  return name === "SyntaxError" || name === "TypeError"
    ? "its answer is no ExecCredential"
    : typeof message === "string"
      ? message.trim()
      : "";
}

type Headers = Dispatcher.DispatchOptions["headers"];

/** `fetch` hands its headers down as an object; each value of a list becomes a line of its own on the wire. */
function withHeaders(
  headers: Headers,
  more: Readonly<Record<string, string | string[]>>,
): NonNullable<Headers> {
  return Object.assign({}, headers, more);
}

type User = KubeConfig["users"][number];

/** A user's `exec`, as far as it is looked at here. */
interface Plugin {
  readonly apiVersion?: string;
  readonly command?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
}

/**
 * Plugins are told by KUBERNETES_EXEC_INFO which version of the answer is wanted, and of which cluster where they ask
 * for it; several do not work without. The library leaves it out.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
function withExecInfo(user: User, cluster: Kubeconfig["cluster"]): User {
  const exec = user.exec as Plugin | undefined;
  if (exec === undefined || exec === null) {
    return user;
  }
  const info = {
    apiVersion: exec.apiVersion,
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true ? { cluster: withContent(cluster) } : {}),
    },
  };
  const env = [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) }];
  return { ...user, exec: { ...exec, env } };
}

/** Of a cluster, what a plugin is told: the CA as content, not as a path. */
function withContent(cluster: Kubeconfig["cluster"]): object {
  const ca = cluster["certificate-authority"];
  const config = (
    cluster["extensions"] as readonly { name?: unknown; extension?: unknown }[] | undefined
  )?.find(({ name }) => name === "client.authentication.k8s.io/exec")?.extension;
  return defined({
    server: cluster["server"],
    "tls-server-name": cluster["tls-server-name"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
    "certificate-authority-data":
      typeof ca === "string" && ca !== ""
        ? readFileSync(ca).toString("base64")
        : cluster["certificate-authority-data"],
    "proxy-url": cluster["proxy-url"],
    config,
  });
}

/** The library knows a token's file only as that of a Pod. As in client-go, the file comes before a token. */
function withTokenFile({ token, ...user }: User, tokenFile: unknown): User {
  return typeof tokenFile === "string" && tokenFile !== ""
    ? { ...user, authProvider: { name: "tokenFile", config: { tokenFile } } }
    : { ...user, ...defined({ token }) };
}

/** Headers by which the user acts as somebody else; the library sends the name alone, without groups. */
export function impersonation(
  user: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | string[]>> {
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const groups = list(user["as-groups"]);
  const extra = Object.entries((user["as-user-extra"] ?? {}) as Record<string, unknown>).map(
    ([key, values]) => [`Impersonate-Extra-${encodeURIComponent(key)}`, list(values)] as const,
  );
  return {
    ...defined({
      "Impersonate-User": text(user["as"]),
      "Impersonate-Uid": text(user["as-uid"]),
      "Impersonate-Group": groups.length === 0 ? undefined : groups,
    }),
    ...Object.fromEntries(extra),
  };
}
