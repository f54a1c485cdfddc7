/**
 * What the mover and its tests rely on of Swift and Keystone, as cases that run against any server: the real one and
 * the stand-in. Each gets an account and the name of a fresh container.
 */
import { createHash, randomBytes } from "node:crypto";
import { byBytes, hostileSegments } from "../trees/names";
import { ask } from "../../lab/swift/http";
import type { Account, Listed } from "../../lab/swift/account";
import { accountOf, type TestCloud } from "../support/cloud";

export interface ContractCase {
  readonly name: string;
  run(account: Account, container: string, cloud: TestCloud): Promise<void>;
}

const md5 = (content: string | Buffer) => createHash("md5").update(content).digest("hex");
const emptyMd5 = md5("");
const status = async (answer: Promise<{ status: number }>) => (await answer).status;

async function page(account: Account, container: string, query: string): Promise<Listed[]> {
  const answer = await account.send("GET", `/${container}`, { query: `format=json&${query}` });
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  return JSON.parse(answer.body.toString()) as Listed[];
}
const names = async (account: Account, container: string, query = "") =>
  (await page(account, container, query)).map(
    (row) => row.name ?? (row as unknown as { subdir: string }).subdir,
  );

/** A large object of two segments: "12345" and "678". */
async function largeObject(account: Account, container: string, name = "big"): Promise<void> {
  await account.send("PUT", `/${container}/segments/abc/${"1".padStart(16, "0")}`, { body: "12345" });
  await account.send("PUT", `/${container}/segments/abc/${"2".padStart(16, "0")}`, { body: "678" });
  const headers = { "x-object-manifest": `${container}/segments/abc` };
  expect(await status(account.send("PUT", `/${container}/${name}`, { headers, body: "" }))).toBe(201);
}

const contractCases: readonly ContractCase[] = [
  {
    name: "a container is made with 201, adopted with 202, counted by HEAD and missed with 404",
    async run(account, container) {
      const other = `${container}-other`;
      expect(
        await status(account.send("PUT", `/${other}`, { headers: { "x-container-meta-name": "n" } })),
      ).toBe(201);
      expect(await status(account.send("PUT", `/${other}`))).toBe(202);
      await account.send("PUT", `/${other}/o`, { body: "hello" });
      const head = await account.send("HEAD", `/${other}`);
      expect(head.status).toBe(204);
      expect(head.headers).toMatchObject({
        "x-container-object-count": "1",
        "x-container-bytes-used": "5",
        "x-container-meta-name": "n",
      });
      expect(await status(account.send("DELETE", `/${other}`))).toBe(409);
      await account.send("DELETE", `/${other}/o`);
      expect(await status(account.send("DELETE", `/${other}`))).toBe(204);
      for (const method of ["HEAD", "GET", "DELETE"])
        expect(await status(account.send(method, `/${other}`))).toBe(404);
    },
  },
  {
    name: "POST on a container changes the metadata it names and no other",
    async run(account, container) {
      await account.send("POST", `/${container}`, { headers: { "x-container-meta-a": "1" } });
      expect(
        await status(account.send("POST", `/${container}`, { headers: { "x-container-meta-b": "2" } })),
      ).toBe(204);
      const head = await account.send("HEAD", `/${container}`);
      expect(head.headers).toMatchObject({ "x-container-meta-a": "1", "x-container-meta-b": "2" });
    },
  },
  {
    name: "PUT answers 201 with the MD5 of what arrived, and 422 when the sender's ETag is another",
    async run(account, container) {
      const put = await account.send("PUT", `/${container}/o`, {
        body: "hello",
        headers: { etag: md5("hello") },
      });
      expect(put.status).toBe(201);
      expect(put.headers["etag"]).toBe(md5("hello"));
      const bad = account.send("PUT", `/${container}/wrong`, {
        body: "hello",
        headers: { etag: md5("other") },
      });
      expect(await status(bad)).toBe(422);
      expect(await names(account, container)).toEqual(["o"]);
    },
  },
  {
    name: "an object is read whole, by range, by its end, and past its end with 416",
    async run(account, container) {
      await account.send("PUT", `/${container}/a b`, { body: "hello" });
      const get = await account.send("GET", `/${container}/a b`);
      expect([get.status, get.body.toString(), get.headers["etag"]]).toEqual([200, "hello", md5("hello")]);
      const range = async (value: string) => {
        const answer = await account.send("GET", `/${container}/a b`, {
          headers: { range: `bytes=${value}` },
        });
        return [
          answer.status,
          answer.headers["content-range"],
          answer.status === 206 ? answer.body.toString() : "",
        ];
      };
      expect(await range("1-2")).toEqual([206, "bytes 1-2/5", "el"]);
      expect(await range("3-")).toEqual([206, "bytes 3-4/5", "lo"]);
      expect(await range("-2")).toEqual([206, "bytes 3-4/5", "lo"]);
      expect(await range("9-")).toEqual([416, "bytes */5", ""]);
      const head = await account.send("HEAD", `/${container}/a b`);
      expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "5", 0]);
    },
  },
  {
    name: "what is not there is 404, for reading, deleting and for a container",
    async run(account, container) {
      for (const method of ["GET", "HEAD", "DELETE"])
        expect(await status(account.send(method, `/${container}/nope`))).toBe(404);
      expect(await status(account.send("PUT", `/${container}-nope/o`, { body: "x" }))).toBe(404);
    },
  },
  {
    name: "PUT replaces an object; listings and counts follow",
    async run(account, container) {
      await account.send("PUT", `/${container}/o`, { body: "one" });
      await account.send("PUT", `/${container}/o`, { body: "three" });
      expect(await page(account, container, "")).toMatchObject([{ name: "o", bytes: 5, hash: md5("three") }]);
      expect((await account.send("HEAD", `/${container}`)).headers["x-container-bytes-used"]).toBe("5");
    },
  },
  {
    name: "a listing is sorted by the bytes of UTF-8; hostile names come back as they went",
    async run(account, container) {
      const all = hostileSegments.map((segment) => `p/${segment}/x`);
      for (const name of all)
        expect(await status(account.send("PUT", `/${container}/${name}`, { body: name }))).toBe(201);
      expect(await names(account, container)).toEqual([...all].sort(byBytes));
      for (const name of all)
        expect((await account.send("GET", `/${container}/${name}`)).body.toString()).toBe(name);
    },
  },
  {
    name: "marker, end_marker, prefix, limit and reverse cut a listing",
    async run(account, container) {
      for (const name of ["a", "b", "b/1", "b/2", "ba", "c"])
        await account.send("PUT", `/${container}/${name}`, { body: "x" });
      expect(await names(account, container, "limit=2")).toEqual(["a", "b"]);
      expect(await names(account, container, "marker=b&limit=2")).toEqual(["b/1", "b/2"]);
      expect(await names(account, container, "marker=aa")).toEqual(["b", "b/1", "b/2", "ba", "c"]);
      expect(await names(account, container, "prefix=b")).toEqual(["b", "b/1", "b/2", "ba"]);
      expect(await names(account, container, "prefix=b&marker=b/1")).toEqual(["b/2", "ba"]);
      expect(await names(account, container, "marker=a&end_marker=ba")).toEqual(["b", "b/1", "b/2"]);
      expect(await names(account, container, "reverse=true&limit=2")).toEqual(["c", "ba"]);
      expect(await names(account, container, "reverse=true&marker=c&end_marker=b")).toEqual([
        "ba",
        "b/2",
        "b/1",
      ]);
      expect(await names(account, container, "marker=z")).toEqual([]);
      expect(await names(account, container, "prefix=zz")).toEqual([]);
    },
  },
  {
    name: "a delimiter folds what lies below into subdirectories, over pages too",
    async run(account, container) {
      for (const name of ["a/1", "a/2", "b", "c/1/x", "c/2/x", "d"])
        await account.send("PUT", `/${container}/${name}`, { body: "x" });
      expect(await names(account, container, "delimiter=/")).toEqual(["a/", "b", "c/", "d"]);
      expect(await names(account, container, "delimiter=/&limit=1&marker=a/")).toEqual(["b"]);
      expect(await names(account, container, "delimiter=/&prefix=c/")).toEqual(["c/1/", "c/2/"]);
    },
  },
  {
    name: "a plain listing is lines, an empty one 204; a page past the limit is refused with 412",
    async run(account, container) {
      expect(await status(account.send("GET", `/${container}`))).toBe(204);
      await account.send("PUT", `/${container}/é`, { body: "x" });
      const plain = await account.send("GET", `/${container}`);
      expect([plain.status, plain.body.toString()]).toEqual([200, "é\n"]);
      expect(await status(account.send("GET", `/${container}`, { query: "limit=10001" }))).toBe(412);
    },
  },
  {
    name: "a dynamic large object is listed empty, and read, ranged and headed as its segments together",
    async run(account, container) {
      await largeObject(account, container);
      expect(await page(account, container, "prefix=big")).toMatchObject([
        { name: "big", bytes: 0, hash: emptyMd5 },
      ]);
      const head = await account.send("HEAD", `/${container}/big`);
      expect(head.headers).toMatchObject({
        "content-length": "8",
        "x-object-manifest": `${container}/segments/abc`,
        etag: `"${md5(md5("12345") + md5("678"))}"`,
      });
      expect((await account.send("GET", `/${container}/big`)).body.toString()).toBe("12345678");
      const range = await account.send("GET", `/${container}/big`, { headers: { range: "bytes=3-6" } });
      expect([range.status, range.body.toString()]).toEqual([206, "4567"]);
      const counted = await account.send("HEAD", `/${container}`);
      expect(counted.headers).toMatchObject({
        "x-container-object-count": "3",
        "x-container-bytes-used": "8",
      });
    },
  },
  {
    name: "a dynamic large object's prefix may be any; what lies below it is read, as it is listed",
    async run(account, container) {
      await account.send("PUT", `/${container}/big/1.5/8/00000000`, { body: "12345" });
      await account.send("PUT", `/${container}/big/1.5/8/00000001`, { body: "678" });
      const headers = { "x-object-manifest": `${container}/big/1.5/8/` };
      await account.send("PUT", `/${container}/big`, { headers, body: "" });
      expect((await account.send("GET", `/${container}/big`)).body.toString()).toBe("12345678");
      await account.send("DELETE", `/${container}/big/1.5/8/00000001`);
      expect((await account.send("HEAD", `/${container}/big`)).headers["content-length"]).toBe("5");
    },
  },
  {
    name: "a static large object is listed and headed with its size, and tells its segments when asked",
    async run(account, container) {
      const parts = ["12345", "678"];
      for (const [n, body] of parts.entries()) await account.send("PUT", `/${container}/slo/${n}`, { body });
      const manifest = parts.map((body, n) => ({
        path: `/${container}/slo/${n}`,
        etag: md5(body),
        size_bytes: body.length,
      }));
      const put = await account.send("PUT", `/${container}/big`, {
        query: "multipart-manifest=put",
        body: JSON.stringify(manifest),
      });
      expect(put.status).toBe(201);
      const etag = `"${md5(parts.map(md5).join(""))}"`;
      expect(await page(account, container, "prefix=big")).toMatchObject([
        { name: "big", bytes: 8, slo_etag: etag },
      ]);
      const head = await account.send("HEAD", `/${container}/big`);
      expect(head.headers).toMatchObject({ "content-length": "8", "x-static-large-object": "True", etag });
      expect((await account.send("GET", `/${container}/big`)).body.toString()).toBe("12345678");
      const raw = await account.send("GET", `/${container}/big`, {
        query: "multipart-manifest=get&format=json",
      });
      const listed = JSON.parse(raw.body.toString()) as { name: string }[];
      expect(listed.map(({ name }) => name)).toEqual([`/${container}/slo/0`, `/${container}/slo/1`]);
    },
  },
  {
    name: "every answer of a container tells the server's clock, and rows tell when they were written",
    async run(account, container) {
      const before = Date.now();
      await account.send("PUT", `/${container}/o`, { body: "x" });
      const [row] = await page(account, container, "");
      const { last_modified } = row as unknown as { last_modified: string };
      expect(last_modified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
      expect(Math.abs(Date.parse(`${last_modified.slice(0, 23)}Z`) - before)).toBeLessThan(60_000);
      const head = await account.send("HEAD", `/${container}`);
      expect(Math.abs(Date.parse(String(head.headers["date"])) - before)).toBeLessThan(60_000);
    },
  },
  {
    name: "deleting a large object's manifest leaves its segments; without segments it reads as nothing",
    async run(account, container) {
      await largeObject(account, container);
      expect(await status(account.send("DELETE", `/${container}/big`))).toBe(204);
      const segments = await names(account, container);
      expect(segments).toHaveLength(2);
      await largeObject(account, container);
      for (const name of segments) await account.send("DELETE", `/${container}/${name}`);
      expect((await account.send("HEAD", `/${container}/big`)).headers["content-length"]).toBe("0");
    },
  },
  {
    // The proxy server caches a container's counts for a minute and does not read them again for each PUT.
    name: "a body past the container's quota is answered 413 and leaves nothing",
    async run(account, container) {
      await account.send("POST", `/${container}`, { headers: { "x-container-meta-quota-bytes": "10" } });
      expect(await status(account.send("PUT", `/${container}/a`, { body: "123456789012" }))).toBe(413);
      expect(await status(account.send("PUT", `/${container}/b`, { body: "12345678" }))).toBe(201);
      expect(await names(account, container)).toEqual(["b"]);
    },
  },
  {
    name: "names past 1,024 bytes are refused with 400, those that are not UTF-8 with 412",
    async run(account, container, cloud) {
      expect(await status(account.send("PUT", `/${container}/${"n".repeat(1024)}`, { body: "" }))).toBe(201);
      expect(await status(account.send("PUT", `/${container}/${"n".repeat(1025)}`, { body: "" }))).toBe(400);
      const { url, token } = await account.open();
      const raw = await ask(`${url}/${container}/%ff`, {
        method: "PUT",
        body: "",
        ca: cloud.ca,
        headers: { "x-auth-token": token },
      });
      expect(raw.status).toBe(412);
    },
  },
  {
    name: "a token that is none is 401; another account is 403",
    async run(account, container, cloud) {
      const headers = { "x-auth-token": "none" };
      expect(await status(account.send("HEAD", `/${container}`, { headers }))).toBe(401);
      const { url, token } = await account.open();
      const other = url.replace(/AUTH_.*/, "AUTH_another");
      const foreign = await ask(`${other}/${container}`, {
        ca: cloud.ca,
        headers: { "x-auth-token": token },
      });
      expect(foreign.status).toBe(403);
    },
  },
  {
    name: "Keystone refuses a wrong password with 401 and a broken request with 400",
    async run(_account, _container, cloud) {
      await expect(accountOf({ ...cloud, password: "wrong" }).open()).rejects.toThrow("401");
      const broken = await ask(`${cloud.authUrl}/auth/tokens`, {
        method: "POST",
        body: "{",
        ca: cloud.ca,
        headers: { "content-type": "application/json" },
      });
      expect(broken.status).toBe(400);
    },
  },
  {
    name: "/info tells the limits without a token",
    async run(account, _container, cloud) {
      const answer = await ask(new URL("/info", (await account.open()).url).href, { ca: cloud.ca });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        swift: {
          max_file_size: expect.any(Number),
          container_listing_limit: 10_000,
          max_object_name_length: 1024,
        },
      });
    },
  },
  {
    name: "bulk delete removes many and counts what was not there",
    async run(account, container) {
      for (const name of ["a b", "c"]) await account.send("PUT", `/${container}/${name}`, { body: "x" });
      const answer = await account.send("POST", "", {
        query: "bulk-delete",
        headers: { "content-type": "text/plain", accept: "application/json" },
        body: `/${container}/a%20b\n/${container}/c\n/${container}/nope\n`,
      });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        "Number Deleted": 2,
        "Number Not Found": 1,
        Errors: [],
      });
      expect(await names(account, container)).toEqual([]);
    },
  },
];

/** Declares the suite: one test per case, each with a container of its own. */
export function describeContract(what: string, cloudOf: () => TestCloud): void {
  describe(`${what} keeps the contract:`, () => {
    test.each(contractCases.map((one) => [one.name, one] as const))("%s", async (_, one) => {
      const cloud = cloudOf();
      const account = accountOf(cloud);
      const container = `contract-${process.pid}-${randomBytes(6).toString("hex")}`;
      expect(await status(account.send("PUT", `/${container}`))).toBe(201);
      try {
        await one.run(account, container, cloud);
      } finally {
        await account.wipe(container);
      }
    });
  });
}
