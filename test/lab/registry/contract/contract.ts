/**
 * What OpenShift's registry does beside distribution, as it was seen on the real one: the lab's front is held to it, and
 * so is OpenShift's own where somebody has it.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256, Registry } from "../../../e2e/support/registry";
import type { Api } from "../../kube/api";
import { projectObjects } from "../../kube/image-roles";

export interface Subject {
  /** `https://host:port`. */
  readonly url: string;
  /** The API server whose users and ImageStreams the registry asks for. */
  readonly api: Api;
  /** An address of this machine that the registry reaches. */
  readonly here: string;
  /** Every file or object of the storage, by name. */
  readonly stored: () => Promise<readonly string[]>;
  /** Takes the image API away, and gives it back; absent where that cannot be done. */
  readonly imageApi?: { readonly away: () => Promise<void>; readonly back: () => Promise<void> };
}

const project = "contract";
const other = "contract-other";
const group = "image.openshift.io/v1";

/** `undefined`: there is none, and a line has said which part is missing. */
export function describeRegistry(name: string, subject: (() => Promise<Subject>) | undefined): void {
  (subject === undefined ? describe.skip : describe)(`${name} does what OpenShift's registry does`, () => {
    jest.setTimeout(120_000);
    let made: Subject;
    let admin: Registry;
    const registries: Registry[] = [];
    const as = (token?: string) => {
      const one = new Registry({ url: made.url, ...(token === undefined ? {} : { token }) });
      registries.push(one);
      return one;
    };
    const status = async (who: Registry, path: string, method = "GET") => {
      // Without it distribution has no OCI manifest to offer.
      const accept = "application/vnd.oci.image.manifest.v1+json";
      const answer = await who.send(method, path, { headers: { accept } });
      return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
    };
    const tokenOf = async (namespace: string, account: string) => {
      await made.api.createIfMissing({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: account, namespace },
      });
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
      const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
      const answer = (await made.api.call("POST", path, request)) as { status: { token: string } };
      return answer.status.token;
    };

    beforeAll(async () => {
      made = await subject!();
      for (const object of [project, other].flatMap(projectObjects)) await made.api.createIfMissing(object);
      admin = as(made.api.token);
    });
    afterAll(async () => {
      for (const each of registries) await each.close();
    });

    describe("logins", () => {
      test("nothing without one: 401, and where to get a token", async () => {
        const { status: code, headers } = await status(as(), "/v2/");
        expect(code).toBe(401);
        expect(headers["www-authenticate"]).toMatch(/^Bearer realm="https:\/\/.*\/openshift\/token"/);
      });

      test("a token that nobody has: 401", async () => {
        expect((await status(as("nobody"), "/v2/")).status).toBe(401);
      });

      test("a name and a token are exchanged for the token", async () => {
        const basic = Buffer.from(`anybody:${made.api.token}`).toString("base64");
        const answer = await as().send("GET", "/openshift/token", {
          headers: { authorization: `Basic ${basic}` },
        });
        expect(answer.statusCode).toBe(200);
        const { token } = (await answer.body.json()) as { token: string };
        expect((await status(as(token), "/v2/")).status).toBe(200);
      });

      test("a project's own account pulls there by its RoleBinding; elsewhere, and for a push, it is 401, not 403", async () => {
        const image = await admin.push(`${project}/rights`, "1");
        const path = (where: string) => `/v2/${where}/rights/manifests/${image.digest}`;
        await admin.push(`${other}/rights`, "1");
        const own = as(await tokenOf(project, "default"));
        expect((await status(own, path(project))).status).toBe(200);
        expect((await status(own, path(other))).status).toBe(401);
        expect((await status(own, `/v2/${project}/rights/blobs/uploads/`, "POST")).status).toBe(401);
      });

      test("the catalog is for whoever may list ImageStreams of the whole cluster", async () => {
        const own = as(await tokenOf(project, "default"));
        expect((await status(own, "/v2/_catalog")).status).toBe(401);
        const { text } = await status(admin, "/v2/_catalog");
        expect((JSON.parse(text) as { repositories: string[] }).repositories).toContain(`${project}/rights`);
      });
    });

    describe("tags", () => {
      test("are in the ImageStream that the push makes, and not in the storage", async () => {
        const image = await admin.push(`${project}/tagged`, "v1");
        const stream = (await made.api.get(group, "ImageStream", "tagged", project)) as unknown as {
          status: { tags: { tag: string; items: { image: string; dockerImageReference: string }[] }[] };
        };
        expect(stream.status.tags).toMatchObject([
          {
            tag: "v1",
            items: [
              {
                image: image.digest,
                dockerImageReference: expect.stringContaining(`/${project}/tagged@${image.digest}`) as string,
              },
            ],
          },
        ]);
        const names = await made.stored();
        expect(names.filter((each) => each.includes("/_manifests/tags"))).toEqual([]);
        expect(names.filter((each) => each.includes(`${project}/tagged/_manifests/revisions`))).not.toEqual(
          [],
        );
        expect((await admin.manifest(`${project}/tagged`, "v1")).digest).toBe(image.digest);
      });

      test("a digest that no ImageStream names is not served, although the storage has it", async () => {
        const image = await admin.push(`${project}/forgotten`, "1");
        await made.api.delete(group, "ImageStream", "forgotten", project);
        const path = `/v2/${project}/forgotten/manifests/${image.digest}`;
        expect((await status(admin, path)).status).toBe(404);
      });

      test("across projects: served, without a folder of its own", async () => {
        const image = await admin.push(`${project}/shared`, "1", 8192);
        const source = (await made.api.get(group, "ImageStream", "shared", project))!;
        await made.api.createIfMissing({
          ...source,
          metadata: { name: "borrowed", namespace: other },
        });
        const names = await made.stored();
        expect(await admin.pull(`${other}/borrowed`, "1")).toBe(image.digest);
        expect(names.filter((each) => each.includes(`${other}/borrowed`))).toEqual([]);
      });
    });

    describe("pull-through", () => {
      let upstream: Server;
      const layer = Buffer.from("pulled through");
      const config = Buffer.from("{}");
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: sha256(config), size: 2 },
        layers: [
          { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: sha256(layer), size: layer.length },
        ],
      });
      const content = new Map([manifest, layer, config].map((each) => [sha256(each), each]));

      beforeAll(async () => {
        upstream = createServer((request, response) => {
          const body = content.get(request.url?.split("/").at(-1) ?? "");
          const type = "application/vnd.oci.image.manifest.v1+json";
          response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body);
        });
        await new Promise<void>((resolve) => upstream.listen(0, made.here, resolve));
      });
      afterAll(() => new Promise((resolve) => upstream.close(resolve)));

      test("fetches from the other registry, and keeps it in the storage", async () => {
        const host = `${made.here}:${(upstream.address() as AddressInfo).port}`;
        const name = `through-${process.pid}`;
        const item = {
          created: new Date().toISOString(),
          dockerImageReference: `${host}/up/stream@${sha256(manifest)}`,
          image: sha256(manifest),
        };
        await made.api.createIfMissing({
          apiVersion: group,
          kind: "ImageStream",
          metadata: { name, namespace: project },
          spec: { tags: [{ name: "1", importPolicy: { insecure: true } }] },
          status: { tags: [{ tag: "1", items: [item] }] },
        });
        expect(await admin.pull(`${project}/${name}`, "1")).toBe(sha256(manifest));
        const hex = sha256(layer).replace("sha256:", "");
        const kept = async () =>
          (await made.stored()).filter((each) => each.endsWith(`${name}/_layers/sha256/${hex}/link`));
        expect(await kept()).toHaveLength(1);
      });
    });

    test("with the image API away manifests are 500, and blobs are redirected or served still", async () => {
      if (made.imageApi === undefined) return;
      const image = await admin.push(`${project}/away`, "1");
      const { manifest } = await admin.manifest(`${project}/away`, "1");
      await made.imageApi.away();
      try {
        expect((await status(admin, `/v2/${project}/away/manifests/${image.digest}`)).status).toBe(500);
        const [layer] = manifest.layers ?? [];
        expect((await status(admin, `/v2/${project}/away/blobs/${layer?.digest}`)).status).toBe(200);
      } finally {
        await made.imageApi.back();
      }
      expect((await status(admin, `/v2/${project}/away/manifests/${image.digest}`)).status).toBe(200);
    });
  });
}
