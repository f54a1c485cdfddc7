/**
 * What runs as /usr/bin/dockerregistry in the lab's registry image: TLS and /healthz in front of distribution, which
 * has the plain port on the loopback address. Reads the same REGISTRY_* variables the operator sets for the real one.
 * With REGISTRY_FRONT=openshift it does what OpenShift's registry does around distribution (openshift/handler.ts).
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, get, request, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { pipeline } from "node:stream";
import { inClusterApi } from "./openshift/api";
import { openshiftHandler } from "./openshift/handler";
import { Logins } from "./openshift/login";
import type { Behind } from "./openshift/pull-through";
import { Streams } from "./openshift/streams";

const behind = { host: "127.0.0.1", port: 5001 };
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

const {
  REGISTRY_HTTP_ADDR: listen = ":5000",
  REGISTRY_HTTP_TLS_CERTIFICATE: certificate = "/etc/secrets/tls.crt",
  REGISTRY_HTTP_TLS_KEY: key = "/etc/secrets/tls.key",
  REGISTRY_FRONT: front = "plain",
  REGISTRY_OPENSHIFT_SERVER_ADDR: host = "image-registry.openshift-image-registry.svc:5000",
  REGISTRY_STORAGE_MAINTENANCE_READONLY: gate = "",
  ...env
} = process.env;

const registry = spawn("/usr/bin/docker-registry", ["serve", "/etc/docker/registry/config.yml"], {
  stdio: ["ignore", "inherit", "inherit"],
  // Its own group: a SIGTERM is for this process to pass on, after the requests under way.
  detached: true,
  env: {
    ...env,
    REGISTRY_HTTP_ADDR: `${behind.host}:${behind.port}`,
    // OpenShift's registry writes what it pulls through whatever the gate says: there the gate is the front's.
    ...(gate === "" || front === "openshift" ? {} : { REGISTRY_STORAGE_MAINTENANCE_READONLY: gate }),
  },
});
registry.on("error", (error) => {
  console.error(`docker-registry: ${error.message}`);
  process.exit(1);
});
registry.on("exit", (code, signal) => {
  console.error(`docker-registry ended: ${signal ?? `exit code ${code ?? "?"}`}`);
  process.exit(ending ? 0 : (code ?? 1));
});

function forward(incoming: IncomingMessage, answer: ServerResponse, path = incoming.url): void {
  const { authorization: _login, ...rest } = incoming.headers;
  const headers = { ...rest, "x-forwarded-proto": "https" };
  const onward = request({ ...behind, agent, method: incoming.method, path, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, withoutHop(response.headers));
    pipeline(response, answer, () => undefined);
  });
  onward.on("error", (error) => {
    if (answer.headersSent) answer.destroy(error);
    else answer.writeHead(502, { "content-type": "text/plain" }).end(`registry: ${error.message}\n`);
  });
  // A client that goes away in the middle must look so to the registry too: the upload stays half way there.
  pipeline(incoming, onward, () => undefined);
  answer.on("close", () => {
    if (!answer.writableFinished) onward.destroy();
  });
}

function withoutHop(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  const { connection: _connection, "keep-alive": _keepAlive, ...rest } = headers;
  return rest;
}

/** One request to distribution, answered whole. */
const askBehind: Behind = (method, path, headers = {}, body) =>
  new Promise((resolve, reject) => {
    const sent = request({ ...behind, agent, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { location } = response.headers;
        const status = response.statusCode ?? 502;
        resolve({ status, ...(location === undefined ? {} : { location }), body: Buffer.concat(chunks) });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });

function handler(): (incoming: IncomingMessage, answer: ServerResponse) => void {
  if (front !== "openshift") return (incoming, answer) => forward(incoming, answer);
  const call = inClusterApi(process.env);
  return openshiftHandler({
    logins: new Logins(call),
    streams: new Streams(call, host),
    readOnly: /enabled:\s*true/.test(gate),
    forward,
    behind: askBehind,
    log: (line) => console.error(line),
  });
}

const answerTo = handler();

/** The registry's own health check (its storage) decides over every path of it; "/" is the cheapest. */
function health(answer: ServerResponse): void {
  const asked = get({ ...behind, agent, path: "/", timeout: 4000 }, (response) => {
    response.resume();
    answer.writeHead(response.statusCode ?? 503).end();
  });
  asked.on("timeout", () => asked.destroy(new Error("no answer")));
  asked.on("error", (error) => {
    if (!answer.headersSent)
      answer.writeHead(503, { "content-type": "text/plain" }).end(`${error.message}\n`);
  });
}

const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key), requestTimeout: 0, keepAliveTimeout: 65_000 },
  (incoming, answer) => {
    if (incoming.url === "/healthz") health(answer);
    else answerTo(incoming, answer);
  },
);
const colon = listen.lastIndexOf(":");
server.listen(Number(listen.slice(colon + 1)), listen.slice(0, colon) || undefined, () =>
  console.log(`listening on ${listen}`),
);

/** As distribution does: no new requests, those under way to their end, then out. */
let ending = false;
function drain(): void {
  if (ending) return;
  ending = true;
  console.log("draining");
  server.close(() => registry.kill("SIGTERM"));
  server.closeIdleConnections();
}
process.on("SIGTERM", drain);
process.on("SIGINT", drain);
