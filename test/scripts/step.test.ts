import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError } from "../../cluster/api/api";
import { paths } from "../../cluster/api/paths";
import { journalOf, readJournal, takeRun } from "../../cluster/journal/store";
import { stepCommand } from "../../scripts/step";
import type { FakeApi } from "../cluster/support/fake-api";
import { FakeRegistry } from "../cluster/support/fake-registry";

// Jest cannot load the Kubernetes client, which is an ES module: what it reads of a kubeconfig stands here.
jest.mock("../../cluster/api/kube", () => ({
  loadKubeConfig: ({ kubeconfig }: { kubeconfig: string }) => ({
    getCurrentCluster: () => ({ server: kubeconfig }),
    applySecurityAuthentication: async () => undefined,
  }),
}));

describe("npm run step: one step without the engine", () => {
  const folder = mkdtempSync(join(tmpdir(), "step-"));
  let api: FakeApi;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = serve(() => api);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    ({ api } = new FakeRegistry());
    api.put(paths.pruner, { spec: { suspend: false } });
    await takeRun(api, { token: "t1", stack: "o/p/dev", host: "h", since: "2026-01-01T00:00:00Z" });
    await journalOf(api, "t1").update((journal) => ({ ...journal, phase: "copying" }));
  });

  function file(content: object): string {
    const path = join(folder, "inputs.json");
    writeFileSync(path, JSON.stringify(content));
    return path;
  }
  const run = (content: object, ...args: readonly string[]) => {
    const lines: string[] = [];
    return stepCommand(
      ["pruner-pause", file(content), "--set", `kubernetes:kubeconfig=${url}`, ...args],
      (line) => lines.push(line),
    ).then((code) => ({ code, outputs: JSON.parse(lines.join("\n")) as Record<string, unknown> }));
  };
  const suspended = () => (api.objects.get(paths.pruner) as { spec: { suspend: boolean } }).spec.suspend;
  const inputs = { stack: "o/p/dev", timeoutSeconds: 5 };

  test("it acts as the run that the journal names", async () => {
    const { code, outputs } = await run(inputs);
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ token: "t1", suspended: true });
    expect(suspended()).toBe(true);
    expect((await readJournal(api))?.prunerPaused).toBe(true);
  });

  test("invariant 4: with another run's token it stops before its first change", async () => {
    await expect(run({ ...inputs, token: "t0" })).rejects.toThrow(/^another run took over/);
    expect(suspended()).toBe(false);
  });

  test("inputs come from a stack's export, without its token; --name chooses among several", async () => {
    const resource = (name: string) => ({
      urn: `urn:pulumi:dev::p::pulumi-nodejs:dynamic:Resource::${name}`,
      inputs: { ...inputs, kind: "pruner-pause", token: "old", __provider: "code" },
    });
    const exported = (...names: string[]) => ({ deployment: { resources: names.map(resource) } });
    await expect(run(exported("a", "b"))).rejects.toThrow("choose with --name a | b");
    await expect(run(exported())).rejects.toThrow("no step of kind pruner-pause");
    expect((await run(exported("a", "b"), "--name", "b")).outputs).toMatchObject({ token: "t1" });
    expect(suspended()).toBe(true);
  });

  test("an unknown kind is answered with those there are", async () => {
    await expect(stepCommand(["nothing", "x.json"])).rejects.toThrow(/one of journal, .*claim-release/s);
  });
});

/** The API server in memory, behind HTTP. */
function serve(api: () => FakeApi): Server {
  return createServer((request, response) => {
    void (async () => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as object);
      try {
        const answer = await answerOf(api(), request.method ?? "GET", path, body);
        response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
        response.end(JSON.stringify(answer ?? { message: `${path} not found` }));
      } catch (error) {
        response.writeHead(error instanceof ApiError ? (error.status ?? 500) : 500);
        response.end(JSON.stringify({ message: String(error) }));
      }
    })();
  });
}

async function answerOf(api: FakeApi, method: string, path: string, body: object): Promise<unknown> {
  switch (method) {
    case "POST":
      return api.create(path, body);
    case "PUT":
      return api.replace(path, body);
    case "PATCH":
      return api.mergePatch(path, body);
    default:
      return /\/(events|jobs|pods|replicasets)$/.test(path) ? { items: await api.list(path) } : api.get(path);
  }
}
