/** Whom the puller trusts: what nodes trust for the registry's host name, there and wherever it redirects. */
import { createHash } from "node:crypto";
import { createServer as createHttpsServer, type Server } from "node:https";
import { connect, type AddressInfo } from "node:net";
import type { Target } from "../../../cluster/pull-check/order";
import { pull } from "../../../cluster/pull-check/puller";
import { intermediate, leaf, leafKey } from "../support/certificates";

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const layer = "a layer";
const manifest = JSON.stringify({ layers: [{ digest: sha(layer), size: layer.length }] });
const port = (of: Server) => (of.address() as AddressInfo).port;

let registry: Server;
let swift: Server;
let proxy: Server;
const connects: string[] = [];

beforeAll(async () => {
  const listening = (server: Server) =>
    new Promise<Server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
  const tls = { cert: leaf, key: leafKey };
  swift = await listening(createHttpsServer(tls, (_, response) => response.end(layer)));
  registry = await listening(
    createHttpsServer(tls, (request, response) =>
      request.url?.includes("/blobs/") === true
        ? response.writeHead(307, { location: `https://swift.example:${port(swift)}/o?sig=s` }).end()
        : response.end(manifest),
    ),
  );
  // Names resolve nowhere here: the proxy leads to Swift, whatever its name.
  proxy = createHttpsServer(tls);
  proxy.on("connect", (request, socket) => {
    connects.push(request.url ?? "");
    const onward = connect(port(swift), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  await listening(proxy);
});
afterAll(() => {
  for (const each of [registry, swift, proxy]) {
    each.closeAllConnections();
    each.close();
  }
});

const pulling = (trust: string, changes: Partial<Target> = {}) =>
  pull(
    {
      target: {
        address: `127.0.0.1:${port(registry)}`,
        host: `image-registry.example:${port(registry)}`,
        trust,
        proxy: { https: `https://localhost:${port(proxy)}` },
        ...changes,
      },
      count: 1,
      seconds: 60,
      samples: [{ repository: "a/b", reference: sha(manifest) }],
    },
    { say: () => undefined, wait: async () => undefined },
  );

test("an intermediate CA is anchor enough, for the registry at an address, a proxy with https, and what it redirects to", async () => {
  expect(await pulling(intermediate)).toMatchObject({ manifests: 1, blobs: 1, redirected: 1, failures: [] });
  expect(connects).toEqual([`swift.example:${port(swift)}`]);
});

test("a certificate that nobody trusts is no answer that passes: it is told at once", async () => {
  const { failures } = await pulling("");
  expect(failures).toMatchObject([
    { kind: "registry", part: "manifest", why: expect.stringMatching(/certificate/) as string },
  ]);
  expect(failures[0]).not.toHaveProperty("passing");
});

test("a certificate for another name is none for the registry", async () => {
  const { failures } = await pulling(intermediate, { host: `another.example:${port(registry)}` });
  expect(failures).toMatchObject([
    { kind: "registry", why: expect.stringMatching(/another\.example/) as string },
  ]);
  expect(failures[0]).not.toHaveProperty("passing");
});
