/** The client library's configuration for the one cluster that `kubeconfig.ts` found, reached as `oc` reaches it. */
import type { RequestOptions } from "node:https";
import { KubeConfig, type RequestContext } from "@kubernetes/client-node";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { proxyFor } from "../../swift/proxy";
import { systemRoots } from "../../swift/trust";
import { workstationProxy } from "../cloud/workstation-proxy";
import { type Kubeconfig, type KubeSettings, readKubeconfig } from "./kubeconfig";
import { defined } from "../../swift/defined";

export { type Kubeconfig, type KubeSettings, readKubeconfig } from "./kubeconfig";

/** Reads and converts; throws what `readKubeconfig` throws. */
export function loadKubeConfig(settings: KubeSettings): KubeConfig {
  return clientOf(readKubeconfig(settings));
}

/** As the client library wants it. Without a current context it has no cluster, and each call says so. */
export function clientOf(kubeconfig: Kubeconfig): KubeConfig {
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
    this.users = this.users.map((user) => withTokenFile(user, kubeconfig.user["tokenFile"]));
    // The library refuses plain HTTP unless this is set; `oc` takes it.
    this.clusters = this.clusters.map((cluster) =>
      cluster.server?.startsWith("http:") ? { ...cluster, skipTLSVerify: true } : cluster,
    );
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const options: RequestOptions = {};
    await this.applyToHTTPSOptions(options);
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (!name.startsWith("Impersonate-")) {
        context.setHeaderParam(name, String(value));
      }
    }
    context.setDispatcher(this.dispatcher(options));
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
            uri: proxy,
            requestTls: tls,
            proxyTls: { ca: systemRoots(), allowPartialTrustChain: true },
          });
    // Set below `fetch`, which would fold several groups into one header; the API server would take that for one
    // group.
    return connection.compose(
      (dispatch) => (request, handler) =>
        dispatch({ ...request, headers: withHeaders(request.headers, this.headers) }, handler),
    );
  }
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
