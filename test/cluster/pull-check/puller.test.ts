import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError } from "../../../cluster/api/api";
import type { Journal } from "../../../cluster/journal/journal";
import type { JournalOfRun } from "../../../cluster/journal/store";
import { paths } from "../../../cluster/api/paths";
import { pullCheckPod } from "../../../cluster/pull-check/pod";
import { pull, type PullOrder } from "../../../cluster/pull-check/puller";
import { pullCheck, resultOf } from "../../../cluster/pull-check/run";
import { imageStreamSamples, type RawImageStream } from "../../../cluster/pull-check/samples";
import { pullerScript } from "../../../cluster/pull-check/script";
import { nothingPulled, pullFailure } from "../../../cluster/steps/pull-check";
import { FakeApi } from "../support/fake-api";
import { proofOf } from "../support/session";

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const layer = "the layer's bytes";
const manifest = JSON.stringify({ layers: [{ digest: sha(layer), size: layer.length }] });
const index = JSON.stringify({ manifests: [{ digest: sha(manifest) }] });

describe("pulling as a node would", () => {
  let server: Server;
  let swift: Server;
  let wantsToken = false;
  let stored = layer;
  let swiftUrl: string | undefined;
  const url = (of: Server) => `http://127.0.0.1:${(of.address() as AddressInfo).port}`;
  const listening = (handle: (request: IncomingMessage, response: ServerResponse) => void) =>
    new Promise<Server>((resolve) => {
      const made = createServer(handle);
      made.listen(0, "127.0.0.1", () => resolve(made));
    });

  beforeAll(async () => {
    swift = await listening((_request, response) => response.end(stored));
    server = await listening((request, response) => {
      const path = request.url ?? "";
      if (wantsToken && request.headers.authorization !== "Bearer good") {
        response.writeHead(401).end();
      } else if (path.startsWith("/v2/_catalog")) {
        response.end(JSON.stringify({ repositories: ["a", "b", "empty"] }));
      } else if (path === "/v2/empty/tags/list") {
        response.writeHead(404).end();
      } else if (path.endsWith("/tags/list")) {
        response.end(JSON.stringify({ tags: ["1", "2", "3"] }));
      } else if (path.includes("/manifests/")) {
        response.end(path.endsWith(sha(manifest)) || path.endsWith("/1") ? manifest : index);
      } else if (path.includes("/blobs/")) {
        response
          .writeHead(307, { location: `${swiftUrl ?? url(swift)}/v1/AUTH_p/c?temp_url_sig=secret` })
          .end();
      } else {
        response.writeHead(404).end();
      }
    });
  });
  beforeEach(() => {
    wantsToken = false;
    stored = layer;
    swiftUrl = undefined;
  });
  afterAll(() => {
    server.close();
    swift.close();
  });
  const order = (changes: Partial<PullOrder> = {}): PullOrder => ({
    registry: url(server),
    registryCa: "",
    redirectCa: "",
    count: 4,
    ...changes,
  });

  test("a sample spread over repositories, each blob straight from Swift", async () => {
    expect(await pull(order())).toEqual({
      ok: true,
      // Two tags of each repository; the second is an index: its manifest is pulled too, and both count as one.
      manifests: 4,
      blobs: 4,
      bytes: 4 * layer.length,
      redirected: 4,
    });
  });

  test("invariant 1: a blob whose content is not its digest fails, and the redirect's signature is not shown", async () => {
    stored = "something else";
    const result = await pull(order());
    expect(result).toMatchObject({
      ok: false,
      failure: { why: expect.stringContaining("its content has digest") as string },
    });
    expect(result.failure?.redirect).toBe(`${url(swift)}/v1/AUTH_p/c`);
    expect(JSON.stringify(result)).not.toContain("temp_url_sig");
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
    const redirectProxy = { http: url(proxy).replace("//", "//u:p@"), https: url(proxy), no: ["10.0.0.0/8"] };
    try {
      const plain = await pull(order({ redirectProxy, count: 1 }));
      expect(plain).toMatchObject({ ok: true, redirected: 1 });
      const user = Buffer.from("u:p").toString("base64");
      expect(asked).toEqual([`Basic ${user} ${url(swift)}/v1/AUTH_p/c?temp_url_sig=secret`]);
      swiftUrl = "https://swift.example:8080";
      const tunnel = await pull(order({ redirectProxy, count: 1 }));
      expect(asked[1]).toBe("CONNECT swift.example:8080");
      expect(tunnel.failure?.why).toMatch(/CONNECT is answered with HTTP 403 \(through proxy 127\.0\.0\.1/);
    } finally {
      proxy.close();
    }
  });

  test("Swift that cannot be reached fails with its address and names disableRedirect and abort", async () => {
    const gone = await listening((_request, response) => response.end());
    const address = url(gone);
    await new Promise((resolve) => gone.close(resolve));
    const redirecting = await listening((request, response) =>
      request.url?.includes("/blobs/") === true
        ? response.writeHead(307, { location: `${address}/x?sig=s` }).end()
        : response.end(manifest),
    );
    try {
      const samples = [{ repository: "a", reference: sha(manifest) }];
      const result = await pull(order({ registry: url(redirecting), samples }));
      expect(result).toMatchObject({ ok: false, manifests: 1, failure: { redirect: `${address}/x` } });
      expect(pullFailure(result)).toMatch(/disableRedirect.*stays read-only on Swift.*state abort/);
    } finally {
      redirecting.close();
    }
  });

  test("a registry that wants a login says so, and pulls with tokens", async () => {
    wantsToken = true;
    const samples = [{ repository: "a", reference: sha(manifest) }];
    expect(await pull(order({ samples }))).toMatchObject({ ok: false, wantsLogin: true });
    expect(await pull(order({ samples: [{ ...samples[0]!, token: "good" }] }))).toMatchObject({
      ok: true,
      blobs: 1,
    });
  });
});

const stream = (name: string, images: readonly (readonly [string, string])[]): RawImageStream => ({
  metadata: { name, namespace: "team", uid: name, resourceVersion: "1" },
  status: {
    dockerImageRepository: `registry.svc:5000/team/${name}`,
    tags: images.map(([host, image]) => ({
      tag: image,
      items: [{ dockerImageReference: `${host}/team/${name}@${image}`, image }],
    })),
  },
});
const own = "registry.svc:5000";

test("samples from ImageStreams: only what this registry stores, repositories in turn", () => {
  expect(
    imageStreamSamples(
      [
        stream("a", [
          [own, "sha256:1"],
          [own, "sha256:2"],
          ["quay.io", "sha256:3"],
        ]),
        stream("b", [[own, "sha256:4"]]),
        stream("none", []),
      ],
      3,
    ),
  ).toEqual([
    { repository: "team/a", reference: "sha256:1" },
    { repository: "team/b", reference: "sha256:4" },
    { repository: "team/a", reference: "sha256:2" },
  ]);
});

describe("what a pull check says", () => {
  const none = { ok: true, manifests: 0, blobs: 0, bytes: 0, redirected: 0 };
  const journal: Journal = { version: 1, phase: "switching", phaseSince: "s" };

  test("invariant 1: no pull at all is no success where something was copied", () => {
    const full = { ...journal, proof: proofOf(undefined) };
    expect(nothingPulled(none, full)).toMatch(/10 objects .*state abort.*pullCheck 0/);
    expect(nothingPulled({ ...none, manifests: 1 }, full)).toBeUndefined();
    expect(nothingPulled(none, { ...full, proof: { ...full.proof, objects: 0 } })).toBeUndefined();
    expect(nothingPulled(none, journal)).toBeUndefined();
  });

  test("an image that was broken before does not keep the registry sealed: the way on is named", () => {
    const failure = { what: "blob a@sha256:1", why: "HTTP 404" };
    expect(pullFailure({ ...none, ok: false, manifests: 3, failure })).toMatch(
      /after 3 manifests.*state abort.*failed before the migration as well.*pullCheck 0/,
    );
  });

  test("no project that could log in is a failure, not an empty sample", async () => {
    const api = new FakeApi();
    api.put(`${paths.imageStreams}/a`, stream("a", [[own, "sha256:1"]]));
    const create = api.create.bind(api);
    api.create = async <T extends object>(path: string, body: object) => {
      if (path.endsWith("/token")) throw new ApiError("not-found", "no", 404);
      const made = await create(path, body);
      if (path === paths.pods) {
        const message = JSON.stringify({ ...none, ok: false, wantsLogin: true });
        api.edit(paths.pod("image-registry-migration-pull-check"), {
          status: {
            phase: "Failed",
            containerStatuses: [
              { name: "p", ready: false, restartCount: 0, state: { terminated: { exitCode: 1, message } } },
            ],
          },
        });
      }
      return made as T;
    };
    const journalOfRun = { assertRun: async () => journal } as JournalOfRun;
    const context = { api, journal: journalOfRun, log: () => undefined };
    const result = await pullCheck({ sample: 1, image: "i", timeoutSeconds: 5 }, context);
    expect(result).toMatchObject({ ok: false, failure: { what: "logging in" } });
    expect(result.failure?.why).toContain("team");
  });
});

test("a Pod that died without a word is told by what Kubernetes says of it", () => {
  const pod = {
    metadata: { name: "p", uid: "u", resourceVersion: "1" },
    spec: { containers: [] },
    status: {
      phase: "Failed",
      containerStatuses: [
        {
          name: "pull-check",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 137, reason: "OOMKilled" } },
        },
      ],
    },
  };
  expect(resultOf(pod, undefined)).toMatchObject({ ok: false, failure: { why: "OOMKilled" } });
});

test("the Pod runs unprivileged, and its script fits an argument", () => {
  expect(pullerScript().length).toBeLessThan(32 * 1024);
  const pod = pullCheckPod({ image: "i", uid: 1, group: 1, timeoutSeconds: 60 }) as {
    spec: { automountServiceAccountToken: boolean; containers: { securityContext: object }[] };
  };
  expect(pod.spec.automountServiceAccountToken).toBe(false);
  expect(pod.spec.containers[0]?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});
