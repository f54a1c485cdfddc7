/** What is asked of a cluster before anything is decided, on a server that has next to nothing. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeConfig } from "@kubernetes/client-node";
import { observeCluster, type Wanted } from "../../cluster/observe";
import { paths } from "../../cluster/api/paths";

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

async function missing(changes: Partial<Wanted>): Promise<readonly string[]> {
  const kube = {
    getCurrentCluster: () => ({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    applySecurityAuthentication: async () => undefined,
  } as unknown as KubeConfig;
  const seen = await observeCluster(kube, { state: "migrate", openstack: {}, ...changes });
  if (!seen.reachable) throw new Error(seen.message);
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
