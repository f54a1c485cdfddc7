/** The registry as nodes see it: its Service, the CAs they trust it by, and the proxy they use for redirects. */
import type { Api } from "../api/api";
import type { RawConfigMap, RawProxy } from "../api/objects";
import { paths } from "../api/paths";
import { nodeTrust, registryHost, trustedCaName } from "../names";
import type { Target } from "./order";

/**
 * Nodes follow the registry's redirects with the trust of the registry's own host name: ConfigMap
 * `image-registry-certificates`, where the operator puts the cloud's CA beside the service CA. The cluster's extra CAs
 * are in the nodes' system trust.
 */
export async function readTarget(api: Api, address = registryHost): Promise<Target> {
  const [certificates, trusted, proxy] = await Promise.all([
    api.get<RawConfigMap>(paths.configMap(nodeTrust)),
    api.get<RawConfigMap>(paths.configMap(trustedCaName)),
    api.get<RawProxy>(paths.proxy),
  ]);
  const own = certificates?.data?.[registryHost.replace(":", "..")] ?? "";
  const cluster = trusted?.data?.["ca-bundle.crt"] ?? "";
  return { address, host: registryHost, trust: `${own}\n${cluster}`.trim(), ...redirectProxy(proxy) };
}

/** The cluster's proxy alone: the registry's own is not the nodes'. */
function redirectProxy(proxy: RawProxy | undefined): Pick<Target, "proxy"> {
  const { httpProxy = "", httpsProxy = "", noProxy = "" } = proxy?.status ?? {};
  return httpProxy === "" && httpsProxy === ""
    ? {}
    : {
        proxy: {
          ...(httpProxy === "" ? {} : { http: httpProxy }),
          ...(httpsProxy === "" ? {} : { https: httpsProxy }),
          no: noProxy.split(",").filter(Boolean),
        },
      };
}
