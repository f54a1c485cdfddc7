import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findPulumi, missingParts } from "../../e2e/support/parts";
import { missingNow, whyUnreachable } from "./ensure";
import { versions } from "./versions";

const folder = mkdtempSync(join(tmpdir(), "engine-test-"));
const before = { ...process.env };
const at = (...path: string[]) => join(folder, ...path);

beforeEach(() => {
  mkdirSync(folder, { recursive: true });
  Object.assign(process.env, { PATH: at("bin"), PULUMI_HOME: at("home"), XDG_CACHE_HOME: at("cache") });
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true, force: true });
});

function executable(...path: string[]): string {
  const file = at(...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  chmodSync(file, 0o755);
  return file;
}

describe("Pulumi on this machine", () => {
  it("is missing as a whole where there is nothing, and all four parts would be built", () => {
    expect(missingParts(Object.values(findPulumi()))).toHaveLength(4);
    expect(missingNow().map(({ name }) => name)).toEqual([
      "language-nodejs",
      "openstack",
      "cli",
      "kubernetes",
    ]);
  });

  it("is taken from PATH before what was downloaded", () => {
    const downloaded = executable("home", "versions", "3.1.0", "bin", "pulumi");
    executable("home", "versions", "3.1.0", "bin", "pulumi-language-nodejs");
    expect(findPulumi().cli.path).toBe(downloaded);
    const own = executable("bin", "pulumi");
    const host = executable("bin", "pulumi-language-nodejs");
    expect([findPulumi().cli.path, findPulumi().language.path]).toEqual([own, host]);
    expect(missingNow().map(({ name }) => name)).toEqual(["openstack", "kubernetes"]);
  });

  it("is not a CLI without its Node.js host", () => {
    executable("bin", "pulumi");
    expect(findPulumi().cli.missing).toBeDefined();
  });

  it("has plugins of the npm packages' versions only", () => {
    const name = "pulumi-resource-kubernetes";
    executable("home", "plugins", "resource-kubernetes-v4.0.0", name);
    expect(findPulumi().kubernetes.missing).toBeDefined();
    const installed = executable("home", "plugins", `resource-kubernetes-v${versions.kubernetes}`, name);
    expect(findPulumi().kubernetes.path).toBe(installed);
  });

  it("is what the lab has downloaded, too", () => {
    const home = ["cache", "image-registry-swift", "pulumi-downloaded"];
    const installed = executable(
      ...home,
      "plugins",
      `resource-openstack-v${versions.openstack}`,
      "pulumi-resource-openstack",
    );
    expect(findPulumi().openstack.path).toBe(installed);
  });

  it("is not what was built of other sources", () => {
    const home = ["cache", "image-registry-swift", `pulumi-${versions.cli}`];
    executable(...home, "bin", "pulumi");
    executable(...home, "bin", "pulumi-language-nodejs");
    writeFileSync(executable(...home, "built", "cli"), "of yesterday");
    expect(findPulumi().cli.missing).toBeDefined();
  });
});

describe("a server for downloads", () => {
  it("that nobody listens for is told at once", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await whyUnreachable(`http://127.0.0.1:${port}/`, 5)).toMatch(
      /cannot be reached \(.*ECONNREFUSED/,
    );
  });

  it("that never answers is waited for no longer than said", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await whyUnreachable(`http://127.0.0.1:${port}/`, 0.1)).toMatch(
        /cannot be reached \(.*timeout/i,
      );
    } finally {
      server.close();
    }
  });

  it("that answers anything at all is there", async () => {
    const server = createServer((socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await whyUnreachable(`http://127.0.0.1:${port}/`, 5)).toBeUndefined();
    } finally {
      server.close();
    }
  });
});
