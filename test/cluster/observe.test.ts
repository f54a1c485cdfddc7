/** What is asked of a cluster before anything is decided, on a server that has next to nothing. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeConfig } from "@kubernetes/client-node";
import { apiFor } from "../../cluster/api/api";
import { observeCluster, type Observed, type Wanted } from "../../cluster/observe";
import type { ReachableObservation } from "../../cluster/observation";
import { paths } from "../../cluster/api/paths";
import { containerName } from "../../plan/container";
import { identity } from "../migrator/swift-standin/keystone";
import { SwiftStandin } from "../migrator/swift-standin/server";
import { settings } from "../plan/observations";
import { pullCheckName } from "../../cluster/names";

/** What the server has, by path. */
const objects = new Map<string, object>();
const forbidden = new Set<string>();
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const answer = path === paths.accessReviews ? review(body) : objects.get(path);
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { message: "not found" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => {
  objects.clear();
  forbidden.clear();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function review(body: string): object {
  const { verb, resource } = (
    JSON.parse(body) as { spec: { resourceAttributes: { verb: string; resource: string } } }
  ).spec.resourceAttributes;
  return { status: { allowed: !forbidden.has(`${verb} ${resource}`) } };
}

async function observed(changes: Partial<Wanted>): Promise<Observed & { seen: ReachableObservation }> {
  const kube = {
    getCurrentCluster: () => ({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    applySecurityAuthentication: async () => undefined,
  } as unknown as KubeConfig;
  const found = await observeCluster(apiFor(kube), { state: "migrate", openstack: {}, ...changes });
  if (!found.seen.reachable) throw new Error(found.seen.message);
  return { ...found, seen: found.seen };
}

async function missing(changes: Partial<Wanted>): Promise<readonly string[]> {
  const { seen } = await observed(changes);
  return seen.missingPermissions.map(({ verb, resource }) => `${verb} ${resource}`);
}

test("the SCC anyuid is a right of its own, asked for where the Pod is to run as root", async () => {
  forbidden.add("use securitycontextconstraints");
  expect(await missing({ scc: "restricted-v2" })).toEqual([]);
  expect(await missing({ scc: "anyuid" })).toEqual(["use securitycontextconstraints"]);
});

test("a proxy whose address holds a password needs Secrets to be made, another one does not", async () => {
  forbidden.add("create secrets").add("patch secrets");
  const proxied = (httpsProxy: string) => objects.set(paths.proxy, { status: { httpsProxy } });
  proxied("http://proxy.example:3128");
  expect(await missing({})).toEqual([]);
  proxied("http://u:p@proxy.example:3128");
  expect(await missing({})).toEqual(["create secrets", "patch secrets"]);
});

describe("the container that Swift is asked about", () => {
  let swift: SwiftStandin;
  beforeAll(async () => {
    swift = await SwiftStandin.start();
    swift.container("served");
    swift.container("mine");
  });
  afterAll(() => swift.stop());

  /** The registry is on container `served`; the stack's config names `mine`. */
  async function looksAt(state: "switch" | "abort") {
    const { user, project, region } = identity;
    const auth = { auth_url: swift.authUrl, username: user.name, password: user.password };
    const clouds = {
      openstack: {
        region_name: region,
        auth: { ...auth, project_name: project.name, user_domain_name: "Default" },
      },
    };
    const text = Buffer.from(JSON.stringify({ clouds })).toString("base64");
    objects.set(paths.secret("installer-cloud-credentials"), { data: { "clouds.yaml": text } });
    objects.set(paths.registryConfig, {
      metadata: { name: "cluster", uid: "1", resourceVersion: "1", generation: 1 },
      spec: { managementState: "Managed", replicas: 2, storage: { swift: { container: "served" } } },
    });
    const wanted = settings(state, { container: "mine" });
    return observed({ state, container: (known) => containerName(wanted, known) });
  }

  const named = ({ seen: { cloud } }: Awaited<ReturnType<typeof looksAt>>) =>
    cloud.ok ? cloud.container?.name : cloud.message;

  test("in switch it is the one the config names, in abort the one the registry is served from", async () => {
    expect(named(await looksAt("switch"))).toBe("mine");
    expect(named(await looksAt("abort"))).toBe("served");
  });

  test("invariant 8: the secret is in the way to the cloud, and nowhere in what is judged", async () => {
    const { seen, cloud } = await looksAt("switch");
    expect(cloud?.ok === true && cloud.provider.password === identity.user.password).toBe(true);
    expect(JSON.stringify(seen).includes(identity.user.password)).toBe(false);
  });
});

describe("a switch that pulls images", () => {
  const streams = (there: boolean) => {
    objects.set(paths.imageStreams, { items: [] });
    if (there) objects.set(paths.imageApi, { resources: [] });
  };

  test("needs rights of its own, and more where the account that pulls is not made yet", async () => {
    streams(true);
    forbidden.add("list imagestreams").add("create clusterrolebindings");
    expect(await missing({ state: "switch", pullCheck: 0 })).toEqual([]);
    expect(await missing({ state: "switch", pullCheck: 20 })).toEqual(["list imagestreams"]);
    forbidden.delete("list imagestreams");
    expect(await missing({ state: "switch", pullCheck: 20 })).toEqual(["create clusterrolebindings"]);
    objects.set(paths.serviceAccount(pullCheckName), { metadata: { name: pullCheckName } });
    expect(await missing({ state: "switch", pullCheck: 20 })).toEqual([]);
  });

  test("needs no account where there is no image API, as on a cluster without OpenShift's own API server", async () => {
    streams(false);
    forbidden.add("create clusterrolebindings");
    expect(await missing({ state: "switch", pullCheck: 20 })).toEqual([]);
  });
});

test("a migration Pod that runs is tried no more, but what it counts is known, and free for what follows", async () => {
  const spec = { containers: [{ name: "c", resources: { requests: { cpu: "100m" } } }] };
  objects.set(paths.quotas, {
    items: [{ metadata: { name: "small" }, spec: { hard: { pods: "5" } }, status: { used: { pods: "3" } } }],
  });
  objects.set(paths.pods, {
    items: [{ metadata: { name: "copy", uid: "u", labels: { app: "image-registry-migration" } }, spec }],
  });
  const { seen } = await observed({ pods: () => [] });
  expect(seen.quotas).toMatchObject([{ name: "small", limits: [{ resource: "pods", hard: 5, used: 2 }] }]);
  expect(seen.podTrials).toMatchObject([{ kind: "mover", charge: { amounts: { "requests.cpu": 100 } } }]);
});
