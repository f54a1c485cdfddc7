import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createProxy, type IncomingMessage, type Server } from "node:http";
import { createServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { apiFor } from "../../../cluster/api/api";
import { impersonation, loadKubeConfig } from "../../../cluster/api/kube";
import { certificates } from "../../support/certificates";
import { socksServer } from "../support/socks";

let asked: IncomingMessage[] = [];
const server = createServer(certificates.server, (request, response) => {
  asked.push(request);
  response.end('{"metadata":{"name":"x"}}');
});
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kube-"));
  await listening(server);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
});

const listening = (one: Server) => new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
const portOf = (one: Server) => (one.address() as AddressInfo).port;

function apiWith(user: object, cluster: object = {}) {
  const kubeconfig = stringify({
    clusters: [
      {
        name: "c",
        cluster: {
          server: `https://127.0.0.1:${portOf(server)}`,
          "certificate-authority-data": Buffer.from(certificates.intermediate).toString("base64"),
          ...cluster,
        },
      },
    ],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
  return apiFor(loadKubeConfig({ kubeconfig }));
}

test("an intermediate CA alone is a trust anchor, as it is to oc", async () => {
  expect(await apiWith({ token: "t" }).get("/x")).toEqual({ metadata: { name: "x" } });
});

test("another CA is not trusted, and the message says whom it could not trust", async () => {
  const other = { "certificate-authority-data": Buffer.from(certificates.server.cert).toString("base64") };
  // The server's own certificate is a trust anchor for itself only; the system's roots do not know it at all.
  await expect(
    apiWith({ token: "t" }, { ...other, "certificate-authority-data": "" }).get("/x"),
  ).rejects.toThrow(/cannot be reached: .*certificate/);
});

test("a token in a file comes before one in the text", async () => {
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, "from-file");
  await apiWith({ token: "in-text", tokenFile }).get("/x");
  expect(asked[0]?.headers["authorization"]).toBe("Bearer from-file");
});

test("an exec plugin's token is used", async () => {
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "from-plugin" },
  };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: process.execPath,
    args: ["-e", `console.log(${JSON.stringify(JSON.stringify(credential))})`],
    interactiveMode: "Never",
  };
  await apiWith({ exec }).get("/x");
  expect(asked[0]?.headers["authorization"]).toBe("Bearer from-plugin");
});

describe("an exec plugin", () => {
  const plugin = (script: string, more: object = {}) => ({
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", script],
      interactiveMode: "Never",
      ...more,
    },
  });

  test("is told which answer is wanted, and of which cluster where it asks", async () => {
    const script =
      "const {apiVersion, kind, spec} = JSON.parse(process.env.KUBERNETES_EXEC_INFO);" +
      'console.log(JSON.stringify({apiVersion, kind, status: {token: [spec.interactive, spec.cluster?.server ?? "none", process.env.OWN].join(" ")}}))';
    const env = [{ name: "OWN", value: "own" }];
    await apiWith(plugin(script, { env })).get("/x");
    expect(asked[0]?.headers["authorization"]).toBe("Bearer false none own");
    await apiWith(plugin(script, { env, provideClusterInfo: true })).get("/x");
    expect(asked[1]?.headers["authorization"]).toBe(`Bearer false https://127.0.0.1:${portOf(server)} own`);
  });

  test.each([
    ["says nothing", "process.exit(1)", "failed: it said nothing"],
    ["says why", 'console.error("no ticket"); process.exit(1)', "failed: no ticket"],
    ["prints a token only", 'console.log("sha256~secret")', "failed: its answer is no ExecCredential"],
    ["answers without a status", 'console.log("{}")', "failed: its answer is no ExecCredential"],
  ])("that %s is named, and its answer is not quoted", async (_, script, words) => {
    const failing = apiWith(plugin(script)).get("/x");
    await expect(failing).rejects.toThrow(`exec plugin "${process.execPath}" ${words}`);
    await expect(failing).rejects.not.toThrow("sha256~secret");
  });

  test("that is not there is told with the hint that the kubeconfig has for it", async () => {
    const exec = {
      command: "no-such-login",
      apiVersion: "client.authentication.k8s.io/v1",
      installHint: "get it at x",
    };
    await expect(apiWith({ exec }).get("/x")).rejects.toThrow(
      /exec plugin "no-such-login" failed: .*ENOENT; get it at x/,
    );
  });
});

test("impersonation is sent whole: each group is a header of its own", async () => {
  await apiWith({
    token: "t",
    as: "somebody",
    "as-uid": "7",
    "as-groups": ["g1", "g2"],
    "as-user-extra": { "a/b": ["e"] },
  }).get("/x");
  const raw = asked[0]?.rawHeaders ?? [];
  const groups = raw.filter((_, index) => raw[index - 1]?.toLowerCase() === "impersonate-group");
  expect(groups).toEqual(["g1", "g2"]);
  expect(asked[0]?.headers).toMatchObject({
    "impersonate-user": "somebody",
    "impersonate-uid": "7",
    "impersonate-extra-a%2fb": "e",
  });
});

test("a user who is nobody else sends no such header", () => {
  expect(impersonation({ token: "t" })).toEqual({});
});

describe("through a proxy", () => {
  let tunnels: string[] = [];
  const proxy = createProxy();
  beforeAll(async () => {
    proxy.on("connect", (request, socket) => {
      tunnels.push(request.url ?? "");
      const onward = connect(portOf(server), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy());
      socket.on("error", () => onward.destroy());
    });
    await listening(proxy);
  });
  afterAll(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const kept = { ...process.env };
  beforeEach(() => {
    tunnels = [];
  });
  afterEach(() => {
    process.env = { ...kept };
  });

  test("proxy-url of the kubeconfig", async () => {
    await apiWith({ token: "t" }, { "proxy-url": `http://127.0.0.1:${portOf(proxy)}` }).get("/x");
    expect(tunnels).toEqual([`127.0.0.1:${portOf(server)}`]);
  });

  test.each([
    ["proxy-url of the kubeconfig", "socks5"],
    ["proxy-url of the kubeconfig", "socks5h"],
    ["HTTPS_PROXY of this shell", "socks5"],
    ["HTTPS_PROXY of this shell", "socks5h"],
  ])("%s at %s://", async (where, scheme) => {
    const wanted: string[] = [];
    const socks = socksServer((host, port) => {
      wanted.push(`${host}:${port}`);
      return connect(portOf(server), "127.0.0.1");
    });
    await new Promise<void>((resolve) => socks.listen(0, "127.0.0.1", resolve));
    const address = `${scheme}://127.0.0.1:${(socks.address() as AddressInfo).port}`;
    const named = { server: "https://api.example:6443", "tls-server-name": "localhost" };
    const inKubeconfig = where.startsWith("proxy-url");
    if (!inKubeconfig) process.env["HTTPS_PROXY"] = address;
    try {
      await apiWith({ token: "t" }, { ...named, ...(inKubeconfig ? { "proxy-url": address } : {}) }).get(
        "/x",
      );
    } finally {
      socks.close();
    }
    expect(wanted).toEqual(["api.example:6443"]);
  });

  test("HTTPS_PROXY of this shell that no client can use is told before a login is blamed for it", () => {
    process.env["HTTPS_PROXY"] = "ftp://u:secret@p:21";
    expect(() => apiWith({ token: "t" })).toThrow(/^HTTPS_PROXY of this shell is "\.\.\.@p:21", which /);
  });

  test("HTTPS_PROXY of this shell, but not for what NO_PROXY has by CIDR", async () => {
    process.env["HTTPS_PROXY"] = `http://127.0.0.1:${portOf(proxy)}`;
    delete process.env["NO_PROXY"];
    delete process.env["no_proxy"];
    const named = { server: `https://registry.example:${portOf(server)}`, "tls-server-name": "localhost" };
    await apiWith({ token: "t" }, named).get("/x");
    expect(tunnels).toEqual([`registry.example:${portOf(server)}`]);
    process.env["NO_PROXY"] = "127.0.0.0/8";
    await apiWith({ token: "t" }).get("/x");
    expect(tunnels).toHaveLength(1);
  });
});
