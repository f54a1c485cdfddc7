import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeConfig } from "@kubernetes/client-node";
import { apiFor } from "../../../cluster/api/api";
import { describeApi } from "./api-contract";
import { FakeApi } from "../support/fake-api";

const fake = new FakeApi();
describeApi("the API server in memory", () => fake);

describe("what the API server answers, in words", () => {
  let server: Server;
  let answers: { status: number; body: string }[] = [];
  let asked = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      asked++;
      const { status, body } = answers.length > 1 ? (answers.shift() ?? answers[0]!) : answers[0]!;
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  beforeEach(() => {
    asked = 0;
  });
  afterAll(() => server.close());
  const at = (url?: string) =>
    apiFor({
      getCurrentCluster: () =>
        url === "" ? null : { server: url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      applySecurityAuthentication: async () => undefined,
    } as unknown as KubeConfig);
  const answering = (...given: [number, string][]) => {
    answers = given.map(([status, message]) => ({ status, body: JSON.stringify({ message }) }));
  };

  test("an expired login says to log in", async () => {
    answering([401, "Unauthorized"]);
    await expect(at().get("/x")).rejects.toThrow(/does not accept the login \(401\).*oc login/);
  });

  test("a forbidden one names what, and where the permissions are listed", async () => {
    answering([403, 'pods is forbidden: User "u" cannot list resource "pods"']);
    await expect(at().list("/x")).rejects.toThrow(/cannot list resource "pods" \(docs\/permissions.yaml/);
  });

  test("a quota or an admission that refuses is no lack of rights", async () => {
    answering([403, 'pods "x" is forbidden: exceeded quota: small, requested: pods=1']);
    await expect(at().create("/x", {})).rejects.toThrow(/exceeded quota: small, requested: pods=1$/);
  });

  test("a server that is not there is told by its address", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    await expect(at(`http://127.0.0.1:${port}`).create("/x", {})).rejects.toThrow(
      /API server http:\/\/127.0.0.1:\d+ cannot be reached: .*ECONNREFUSED.*kubernetes:kubeconfig/,
    );
  });

  test("a server that restarts refuses connections: a read waits for it", async () => {
    const restarting = createServer((_request, response) => response.end('{"metadata":{"name":"x"}}'));
    const listening = (port: number) =>
      new Promise<void>((resolve) => restarting.listen(port, "127.0.0.1", resolve));
    await listening(0);
    const { port } = restarting.address() as AddressInfo;
    await new Promise((resolve) => restarting.close(resolve));
    const read = at(`http://127.0.0.1:${port}`).get("/x");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await listening(port);
    try {
      expect(await read).toEqual({ metadata: { name: "x" } });
    } finally {
      restarting.closeAllConnections();
      restarting.close();
    }
  });

  test("a kubeconfig without a context is told", async () => {
    await expect(at("").get("/x")).rejects.toThrow(/names no cluster .*kubernetes:context/);
  });

  test("a read is tried again while the server is away for a moment, a write is not", async () => {
    answering([503, "starting"], [200, ""]);
    answers[1] = { status: 200, body: '{"metadata":{"name":"x"}}' };
    expect(await at().get("/x")).toEqual({ metadata: { name: "x" } });
    expect(asked).toBe(2);
    asked = 0;
    answering([503, "starting"]);
    await expect(at().create("/x", {})).rejects.toThrow("POST /x failed with HTTP 503: starting");
    expect(asked).toBe(1);
  });
});
