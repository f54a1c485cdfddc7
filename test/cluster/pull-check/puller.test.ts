/** The puller against registries that listen here: what it pulls, what it repeats, what it says of a failure. */
import { createHash } from "node:crypto";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PullerLine, PullOrder, Sample } from "../../../cluster/pull-check/order";
import { pull } from "../../../cluster/pull-check/puller";
import { pullerScript } from "../../../cluster/pull-check/script";

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const layer = "the layer's bytes";
const manifest = JSON.stringify({ layers: [{ digest: sha(layer), size: layer.length }] });
const index = JSON.stringify({ manifests: [{ digest: sha(manifest) }] });
const url = (of: Server) => `http://${host(of)}`;
const host = (of: Server) => `127.0.0.1:${(of.address() as AddressInfo).port}`;

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** A registry with three tags of each of two repositories; blobs are redirected to `swift`. */
const registry =
  (swift: () => string): Handle =>
  (request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/v2/_catalog")) {
      response.end(JSON.stringify({ repositories: ["a", "b", "empty"] }));
    } else if (path === "/v2/empty/tags/list") {
      response.writeHead(404).end();
    } else if (path.endsWith("/tags/list")) {
      response.end(JSON.stringify({ tags: ["1", "2", "3"] }));
    } else if (path.includes("/manifests/")) {
      response.end(path.endsWith(sha(manifest)) || path.endsWith("/1") ? manifest : index);
    } else if (path.includes("/blobs/")) {
      response.writeHead(307, { location: `${swift()}/v1/AUTH_p/c?temp_url_sig=secret` }).end();
    } else {
      response.writeHead(404).end();
    }
  };

describe("pulling as a node would", () => {
  const servers: Server[] = [];
  const listening = (handle: Handle) =>
    new Promise<Server>((resolve) => {
      const made = createServer(handle);
      servers.push(made);
      made.listen(0, "127.0.0.1", () => resolve(made));
    });
  afterEach(() => {
    for (const each of servers.splice(0)) each.close();
  });

  const waits: number[] = [];
  const lines: PullerLine[] = [];
  beforeEach(() => {
    waits.length = 0;
    lines.length = 0;
  });
  const pulling = (order: PullOrder) =>
    pull(order, {
      say: (line) => lines.push(line),
      wait: async (seconds) => void waits.push(seconds),
    });
  const orderFor = (server: Server, changes: Partial<PullOrder> = {}): PullOrder => ({
    target: { address: host(server), host: host(server), tls: false, trust: "" },
    count: 4,
    seconds: 60,
    ...changes,
  });
  const one: readonly Sample[] = [{ repository: "a", reference: sha(manifest) }];

  test("a sample spread over repositories, each blob straight from Swift", async () => {
    const swift = await listening((_, response) => response.end(layer));
    const server = await listening(registry(() => url(swift)));
    expect(await pulling(orderFor(server))).toEqual({
      // Two tags of each repository; the second is an index: its manifest is pulled too, and both count as one.
      manifests: 4,
      blobs: 4,
      bytes: 4 * layer.length,
      redirected: 4,
      failures: [],
      left: 0,
    });
  });

  test("the registry is asked at an address, under the name that its certificate is for", async () => {
    const hosts = new Set<string | undefined>();
    const server = await listening((request, response) => {
      hosts.add(request.headers.host);
      response.end(request.url?.includes("/blobs/") === true ? layer : manifest);
    });
    const target = { address: host(server), host: "image-registry.example:5000", tls: false, trust: "" };
    expect(await pulling(orderFor(server, { target, samples: one }))).toMatchObject({
      manifests: 1,
      blobs: 1,
    });
    expect([...hosts]).toEqual(["image-registry.example:5000"]);
  });

  test("one answer in five that is 503 fails no image, and what passes is asked again", async () => {
    let asked = 0;
    const stumbling =
      (handle: Handle): Handle =>
      (request, response) =>
        ++asked % 5 === 0 ? response.writeHead(503, { "retry-after": "2" }).end() : handle(request, response);
    const swift = await listening(stumbling((_, response) => response.end(layer)));
    const server = await listening(stumbling(registry(() => url(swift))));
    const samples = Array.from({ length: 40 }, (_, i) => ({ repository: `r${i}`, reference: sha(manifest) }));
    const result = await pulling(orderFor(server, { samples, count: 40 }));
    expect(result).toMatchObject({ manifests: 40, blobs: 40, failures: [] });
    // Retry-After is obeyed.
    expect(waits.length).toBeGreaterThan(0);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2);
  });

  test("a transfer that breaks is repeated", async () => {
    let broken = 0;
    const server = await listening((request, response) => {
      if (request.url?.includes("/blobs/") !== true) {
        response.end(manifest);
      } else if (broken++ < 2) {
        response.writeHead(200, { "content-length": String(layer.length) });
        response.write(layer.slice(0, 3), () => response.destroy());
      } else {
        response.end(layer);
      }
    });
    expect(await pulling(orderFor(server, { samples: one }))).toMatchObject({ blobs: 1, failures: [] });
    expect(waits).toHaveLength(2);
  });

  test("a host that fails for long is given up once: the other images are asked once each", async () => {
    let asked = 0;
    const server = await listening((request, response) => {
      if (request.url?.includes("/blobs/") === true) {
        asked++;
        response.writeHead(503).end();
      } else {
        response.end(manifest);
      }
    });
    const samples = Array.from({ length: 60 }, (_, i) => ({ repository: `r${i}`, reference: sha(manifest) }));
    const result = await pulling(orderFor(server, { samples, count: 60 }));
    expect(result.failures).toHaveLength(60);
    expect(result.failures.every(({ kind, passing }) => kind === "registry" && passing === true)).toBe(true);
    // Eight at the same time try ten times each; nobody after them does.
    expect(asked).toBeLessThanOrEqual(8 * 10 + 60);
    expect(lines.some(({ event }) => event === "retry")).toBe(true);
  });

  test("a server that is slow to fail is given up by the time it took, not after ten times of it", async () => {
    let asked = 0;
    const server = await listening((_, response) => {
      asked++;
      response.writeHead(503).end();
    });
    let clock = 0;
    const result = await pull(orderFor(server, { samples: one, seconds: 600 }), {
      say: () => undefined,
      wait: async () => void (clock += 60_000),
      now: () => clock,
    });
    expect(result.failures).toHaveLength(1);
    expect(asked).toBe(3);
  });

  test("it goes on after a failure, takes another candidate, and lists all that failed", async () => {
    const server = await listening((request, response) => {
      const path = request.url ?? "";
      if (path.includes("/bad")) response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
      else response.end(path.includes("/blobs/") ? layer : manifest);
    });
    const samples = ["bad1", "good1", "bad2", "good2", "good3", "good4"].map((repository) => ({
      repository,
      reference: sha(manifest),
    }));
    const result = await pulling(orderFor(server, { samples, count: 3 }));
    expect(result.manifests).toBe(3);
    expect(result.failures).toEqual(
      ["bad1", "bad2"].map((repository) => ({
        sample: { repository, reference: sha(manifest) },
        kind: "missing",
        part: "manifest",
        digest: sha(manifest),
        what: `manifest ${repository}@${sha(manifest)}`,
        why: "the registry answers HTTP 404 (MANIFEST_UNKNOWN)",
      })),
    );
    expect(waits).toEqual([]);
  });

  test("a thousand images: no more than eight at the same time, and how far it is", async () => {
    let underWay = 0;
    let most = 0;
    const server = await listening((request, response) => {
      most = Math.max(most, ++underWay);
      setImmediate(() => {
        underWay--;
        response.end(request.url?.includes("/blobs/") === true ? layer : manifest);
      });
    });
    const samples = Array.from({ length: 1000 }, (_, i) => ({
      repository: `r${i}`,
      reference: sha(manifest),
    }));
    let clock = 0;
    const result = await pull(orderFor(server, { samples, count: 1000, seconds: 1e9 }), {
      say: (line) => lines.push(line),
      now: () => (clock += 100),
    });
    expect(result).toMatchObject({ manifests: 1000, failures: [], left: 0 });
    expect(most).toBeLessThanOrEqual(8);
    expect(lines.filter(({ event }) => event === "progress").length).toBeGreaterThan(5);
  });

  test("when the time is up no further image is begun, and it says how many are left", async () => {
    const server = await listening((request, response) =>
      response.end(request.url?.includes("/blobs/") === true ? layer : manifest),
    );
    const samples = Array.from({ length: 50 }, (_, i) => ({ repository: `r${i}`, reference: sha(manifest) }));
    let clock = 0;
    const result = await pull(orderFor(server, { samples, count: 50, seconds: 1 }), {
      say: () => undefined,
      now: () => (clock += 50),
    });
    expect(result.left).toBeGreaterThan(0);
    expect(result.left + result.manifests).toBe(50);
  });

  test("invariant 1: a blob whose content is not its digest fails, and the redirect's signature is not shown", async () => {
    const swift = await listening((_, response) => response.end("something else"));
    const server = await listening(registry(() => url(swift)));
    const result = await pulling(orderFor(server, { samples: one, count: 1 }));
    expect(result.failures[0]).toMatchObject({
      kind: "content",
      why: expect.stringContaining("its content has digest") as string,
      redirect: `${url(swift)}/v1/AUTH_p/c`,
    });
    expect(JSON.stringify([result, lines])).not.toContain("temp_url_sig");
  });

  test("invariant 1: a manifest by digest must have it, and one by tag the digest that the registry names", async () => {
    const server = await listening((request, response) => {
      const tagged = request.url?.endsWith("/latest") === true;
      response.writeHead(200, tagged ? { "docker-content-digest": sha("another") } : {}).end(manifest);
    });
    const samples = [
      { repository: "a", reference: sha("wanted") },
      { repository: "a", reference: "latest" },
    ];
    const { failures } = await pulling(orderFor(server, { samples }));
    expect(failures.map(({ kind, part }) => `${part} ${kind}`)).toEqual([
      "manifest content",
      "manifest content",
    ]);
  });

  test("what the registry redirects to is fetched through the cluster's proxy, as nodes do it", async () => {
    const asked: string[] = [];
    const proxy = await listening((request, response) => {
      asked.push(`${request.headers["proxy-authorization"]} ${request.url}`);
      response.end(layer);
    });
    proxy.on("connect", (request, socket) => {
      asked.push(`CONNECT ${request.url}`);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    let swift = "http://swift.example:8080";
    const server = await listening(registry(() => swift));
    const settings = { http: url(proxy).replace("//", "//u:p@"), https: url(proxy), no: ["10.0.0.0/8"] };
    const order = orderFor(server, { samples: one, count: 1 });
    const proxied = { ...order, target: { ...order.target, proxy: settings } };
    expect(await pulling(proxied)).toMatchObject({ redirected: 1, failures: [] });
    const user = Buffer.from("u:p").toString("base64");
    expect(asked).toEqual([`Basic ${user} http://swift.example:8080/v1/AUTH_p/c?temp_url_sig=secret`]);
    swift = "https://swift.example:8080";
    const [failure] = (await pulling(proxied)).failures;
    expect(asked[1]).toBe("CONNECT swift.example:8080");
    // A proxy that refuses will refuse again.
    expect(failure).toMatchObject({ kind: "redirect" });
    expect(failure?.passing).toBeUndefined();
    expect(failure?.why).toMatch(/CONNECT is answered with HTTP 403 \(through proxy 127\.0\.0\.1/);
    expect(waits).toEqual([]);
  });

  test("the token is read before each request, because the kubelet renews it; without the right one it is a login's failure", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pull-check-"));
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "old\n");
    const server = await listening((request, response) => {
      if (request.headers.authorization !== "Bearer old" && request.headers.authorization !== "Bearer new") {
        response.writeHead(401).end();
        return;
      }
      writeFileSync(tokenFile, "new\n");
      response.end(request.url?.includes("/blobs/") === true ? layer : manifest);
    });
    try {
      expect(await pulling(orderFor(server, { samples: one, tokenFile }))).toMatchObject({ blobs: 1 });
      expect((await pulling(orderFor(server, { samples: one }))).failures).toMatchObject([{ kind: "login" }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a catalog without a repository is told apart from one without tags", async () => {
    let repositories: string[] = [];
    const server = await listening((request, response) =>
      request.url?.includes("_catalog") === true
        ? response.end(JSON.stringify({ repositories }))
        : response.writeHead(404).end(),
    );
    expect(await pulling(orderFor(server))).toMatchObject({ manifests: 0, emptyCatalog: true });
    repositories = ["emptied"];
    expect(await pulling(orderFor(server))).not.toHaveProperty("emptyCatalog");
  });

  test("the script fits an argument", () => {
    expect(pullerScript().length).toBeLessThan(64 * 1024);
  });
});
