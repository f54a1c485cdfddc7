/** What front ends, proxies and slow volumes do to single requests. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openConnection } from "../../swift/connection";
import { httpClient, type HttpOptions } from "../../swift/http";
import { skipped } from "../migrator/support/skip";
import { plainObject } from "../migrator/swift-standin/store";
import { SwiftStandin } from "../migrator/swift-standin/server";
import { cloudSettings, standinCloud } from "../migrator/support/cloud";

const folder = mkdtempSync(join(tmpdir(), "http-"));
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function listen(server: Server, host = "127.0.0.1"): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

const options: HttpOptions = { connections: 1, timeout: 5, ca: [], insecure: false };
async function get(origin: string, changes: Partial<HttpOptions> = {}) {
  const client = httpClient(origin, { ...options, ...changes });
  try {
    const answer = await client.request({ method: "GET", path: "/x", headers: {} });
    return { status: answer.status, body: answer.body.toString() };
  } finally {
    await client.close();
  }
}

/** A root, an intermediate that it signed, and a server's certificate that the intermediate signed. */
function certificates() {
  const run = (...args: string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  writeFileSync(join(folder, "ca.ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n");
  writeFileSync(join(folder, "leaf.ext"), "subjectAltName=IP:127.0.0.1\n");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  run("req", "-x509", ...key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=root");
  const sign = (name: string, by: string, ext: string): void => {
    run("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const issuer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial"];
    run("x509", "-req", "-in", `${name}.csr`, ...issuer, "-extfile", ext, "-out", `${name}.pem`);
  };
  sign("middle", "root", "ca.ext");
  sign("leaf", "middle", "leaf.ext");
  const pem = (name: string): string => readFileSync(join(folder, name), "utf8");
  return { key: pem("leaf.key"), cert: pem("leaf.pem"), middle: pem("middle.pem") };
}

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

if (!hasOpenssl()) skipped("certificates of a private CA", "openssl is not installed");
(hasOpenssl() ? describe : describe.skip)("with a certificate of a private CA", () => {
  if (!hasOpenssl()) return;
  const { key, cert, middle } = certificates();

  test("an intermediate is enough to trust", async () => {
    const port = await listen(https.createServer({ key, cert }, (_, response) => response.end("ok")));
    expect(await get(`https://127.0.0.1:${port}`, { ca: [middle] })).toEqual({ status: 200, body: "ok" });
    await expect(get(`https://127.0.0.1:${port}`)).rejects.toThrow(/certificate/);
  });

  test("an http: endpoint is reached through an https: proxy", async () => {
    const proxy = https.createServer({ key, cert }, (request, response) => response.end(request.url));
    const port = await listen(proxy);
    const through = { ca: [middle], proxy: { http: `https://127.0.0.1:${port}` } };
    expect(await get("http://swift.example:8080", through)).toEqual({
      status: 200,
      body: "http://swift.example:8080/x",
    });
  });
});

test("an IPv6 endpoint is reached", async () => {
  const server = http.createServer((_, response) => response.end("six"));
  const port = await listen(server, "::1");
  expect(await get(`http://[::1]:${port}`)).toEqual({ status: 200, body: "six" });
});

test("a thread that a volume held breaks off no request whose answer is there", async () => {
  const port = await listen(http.createServer((_, response) => setTimeout(() => response.end("late"), 100)));
  const client = httpClient(`http://127.0.0.1:${port}`, { ...options, timeout: 0.4 });
  try {
    const answer = client.request({ method: "GET", path: "/", headers: {} });
    await new Promise((resolve) => setTimeout(resolve, 20));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    expect((await answer).status).toBe(200);
  } finally {
    await client.close();
  }
});

/** A server that answers each HEAD. On a connection that it is asked on again `late` goes before the answer. */
async function headServer(late = ""): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    let asked = 0;
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const keeps = /connection: keep-alive/i.test(data.toString());
      const answer = `HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: ${keeps ? "keep-alive" : "close"}\r\n\r\n`;
      socket.write(asked++ > 0 ? late + answer : answer);
      if (!keeps) socket.end();
    });
  });
  return { port: await listen(server), connections: () => connections };
}
const head = { method: "HEAD", path: "/", headers: {} } as const;

test("one connection serves many a HEAD", async () => {
  const server = await headServer();
  const client = httpClient(`http://127.0.0.1:${server.port}`, options);
  try {
    for (let n = 0; n < 5; n++) {
      const { status, headers } = await client.request(head);
      expect([status, headers["content-length"]]).toEqual([200, "4"]);
    }
    expect(server.connections()).toBe(1);
  } finally {
    await client.close();
  }
});

test("a server that sends a body with its answer to HEAD spoils one request and no more", async () => {
  const server = await headServer("body");
  const client = httpClient(`http://127.0.0.1:${server.port}`, options);
  try {
    const ends: (number | string)[] = [];
    for (let n = 0; n < 6; n++)
      ends.push(
        await client.request(head).then(
          ({ status }) => status,
          ({ name }: Error) => name,
        ),
      );
    expect(ends).toEqual([200, "HTTPParserError", 200, 200, 200, 200]);
  } finally {
    await client.close();
  }
});

describe("a front end before Swift", () => {
  let standin: SwiftStandin;
  let front: http.Server;
  /** The path that it puts before all of Swift's and Keystone's. */
  let below: string;
  let answer: (path: string) => { status: number; location?: string } | undefined;
  const password = join(folder, "password");

  beforeEach(async () => {
    below = "";
    answer = () => undefined;
    standin = await SwiftStandin.start();
    standin.container("c");
    writeFileSync(password, standinCloud(standin).password);
    front = http.createServer((request, response) => {
      const path = request.url ?? "/";
      const own = path.startsWith(below) ? answer(path.slice(below.length)) : { status: 404 };
      if (own === undefined) {
        const to = new URL(path.slice(below.length), standin.url);
        const onward = http.request(to, { method: request.method, headers: request.headers }, (from) => {
          const pieces: Buffer[] = [];
          from.on("data", (piece: Buffer) => pieces.push(piece));
          from.on("end", () => {
            // The catalog leads back to this front end.
            const body = Buffer.concat(pieces)
              .toString()
              .replaceAll(standin.url, `http://${request.headers.host}${below}`);
            const { "content-length": _, ...headers } = from.headers;
            response.writeHead(from.statusCode ?? 0, headers);
            response.end(body);
          });
        });
        request.pipe(onward);
        return;
      }
      response.writeHead(own.status, own.location === undefined ? {} : { location: own.location });
      response.end();
    });
  });
  afterEach(() => standin.stop());

  const connected = async () => {
    const port = await listen(front);
    const cloud = cloudSettings(standinCloud(standin), password, `http://127.0.0.1:${port}${below}/v3`);
    const retry = { attempts: 4, baseSeconds: 0.01, maxSeconds: 0.02 };
    return openConnection({ cloud, connections: 2, timeout: 5, retry, onRetry: () => undefined });
  };

  test.each([
    [503, undefined],
    [302, "https://login.example/?token=secret"],
    [404, undefined],
  ])("/info answered %i: the usual limits", async (status, location) => {
    answer = (path) =>
      path === "/info" ? { status, ...(location === undefined ? {} : { location }) } : undefined;
    const connection = await connected();
    expect(await connection.store("c").info()).toEqual({ maxFileSize: 5 * 1024 ** 3, listingLimit: 10_000 });
    await connection.close();
  });

  test("Keystone and Swift below a path of one host: each request goes below it", async () => {
    below = "/cloud/one";
    standin.container("c").put("files/a", plainObject("a"));
    const connection = await connected();
    expect((await connection.sessions.session()).account).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/cloud\/one\/v1\//,
    );
    const store = connection.store("c");
    expect(await store.headContainer()).toMatchObject({ objects: 1, bytes: 1 });
    expect((await store.list({ prefix: "files/", limit: 10 })).toString()).toContain("files/a");
    const asked: string[] = [];
    answer = (path) => (asked.push(path), undefined);
    await store.info();
    expect(asked).toEqual(["/info"]);
    await connection.close();
  });

  test("a redirect is told with its Location and not repeated, by Swift and by Keystone", async () => {
    const location = "https://swift.example/v1/AUTH_x?signature=secret";
    let asked = 0;
    answer = (path) => (path.startsWith("/v1/") ? ((asked += 1), { status: 301, location }) : undefined);
    const connection = await connected();
    await expect(connection.store("c").headContainer()).rejects.toMatchObject({
      failure: "catalog",
      message: expect.stringMatching(/301.*https:\/\/swift\.example\/v1\/AUTH_x\?\.\.\.;/),
    });
    expect(asked).toBe(1);
    await connection.close();
    answer = () => ({ status: 308, location });
    const port = (front.address() as AddressInfo).port;
    const cloud = cloudSettings(standinCloud(standin), password, `http://127.0.0.1:${port}/v3`);
    const other = openConnection({ cloud, connections: 1, timeout: 5, onRetry: () => undefined });
    await expect(other.sessions.session()).rejects.toMatchObject({
      failure: "auth",
      message: expect.stringContaining("https://swift.example/v1/AUTH_x?..."),
    });
    await other.close();
  });
});
