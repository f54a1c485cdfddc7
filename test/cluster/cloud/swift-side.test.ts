import { resolveCloud, type ResolvedCloud } from "../../../cluster/cloud/cloud";
import { connectSwift, headAsProven, isForeign, observeSwift } from "../../../cluster/cloud/swift-side";
import { workstationProxy } from "../../../cluster/cloud/workstation-proxy";
import { identity } from "../../migrator/swift-standin/keystone";
import { SwiftStandin } from "../../migrator/swift-standin/server";
import { plainObject } from "../../migrator/swift-standin/store";
import { proofOf } from "../support/session";

let swift: SwiftStandin;
beforeAll(async () => {
  swift = await SwiftStandin.start();
});
afterAll(() => swift.stop());

function cloud(password: string = identity.user.password, region: string = identity.region): ResolvedCloud {
  const auth = `auth_url: ${swift.authUrl}, username: ${identity.user.name}, password: ${password}`;
  const project = `project_name: ${identity.project.name}, user_domain_name: Default`;
  const text = `clouds: {openstack: {region_name: ${region}, auth: {${auth}, ${project}}}}`;
  const found = resolveCloud({ cloudName: "openstack", installerSecret: { "clouds.yaml": text } });
  if (!found.ok) throw new Error(found.message);
  return found;
}

describe("the account, as it is observed", () => {
  test("with a container: its properties, what it holds, what does not belong there", async () => {
    const container = swift.container("seen");
    container.meta["x-container-meta-name"] = "lab-image-registry-1";
    const side = await connectSwift(cloud());
    try {
      await side.setProperties("seen", { Openshiftclusterid: "lab" });
    } finally {
      await side.close();
    }
    const observed = await observeSwift(cloud(), "seen");
    expect(observed).toEqual({
      ok: true,
      account: swift.account,
      source: "secret installer-cloud-credentials",
      container: {
        name: "seen",
        exists: true,
        objects: 0,
        bytes: 0,
        properties: { name: "lab-image-registry-1", openshiftclusterid: "lab" },
      },
    });
  });

  test("a container that is not there is a value, and a quota is what is left of it", async () => {
    swift.accountMeta["x-account-meta-quota-bytes"] = "1000";
    const observed = await observeSwift(cloud(), "nowhere");
    delete swift.accountMeta["x-account-meta-quota-bytes"];
    expect(observed).toMatchObject({ ok: true, quotaLeft: 1000, container: { exists: false } });
  });

  test("wrong credentials are refused without the secret in the words", async () => {
    const observed = await observeSwift(cloud("not-the-password"), undefined);
    expect(observed).toMatchObject({ ok: false, kind: "refused" });
    expect(JSON.stringify(observed)).not.toContain("not-the-password");
  });

  test("a Swift that does not answer is named with the address at which it was asked", async () => {
    const away = "http://127.0.0.1:1/v1/AUTH_away";
    const catalog = jest.spyOn(swift, "account", "get").mockReturnValue(away);
    try {
      const observed = await observeSwift(cloud(), undefined);
      expect(observed).toMatchObject({ ok: false, kind: "unreachable" });
      expect(observed).toHaveProperty("message", expect.stringContaining(`account ${away}: `));
    } finally {
      catalog.mockRestore();
    }
  }, 20_000);

  test("no object store in this region, none named swift", async () => {
    expect(await observeSwift(cloud(identity.user.password, "Elsewhere"), undefined)).toMatchObject({
      ok: false,
      kind: "no-service",
    });
  });
});

describe("a container whose counts differ from the proof's", () => {
  const counts = { objects: 3, bytes: 900 };
  const proof = { ...proofOf(undefined), ...counts, containerObjects: 4, containerBytes: 900 };
  const head = (objects: number) => ({ name: "c", exists: true, properties: {}, objects, bytes: 900 });
  let listings: number;
  const side = (objects: number, listed = counts) => ({
    head: async () => head(objects),
    listed: async () => {
      listings++;
      return listed;
    },
  });
  beforeEach(() => {
    listings = 0;
  });

  test("is looked at again by a listing, which is what was compared: HEAD lags and drifts", async () => {
    expect(await headAsProven(side(5), "c", proof)).toEqual(head(4));
    expect(listings).toBe(1);
  });

  test("stays as HEAD has it when the listing differs, too", async () => {
    expect(await headAsProven(side(5, { objects: 4, bytes: 900 }), "c", proof)).toEqual(head(5));
  });

  test("is listed for nothing else", async () => {
    await headAsProven(side(4), "c", proof);
    await headAsProven(side(5), "other", proof);
    await headAsProven(side(5), "c", undefined);
    expect(listings).toBe(0);
  });

  test("the listing counts the registry's objects, and the bytes of segments with them", async () => {
    const own = swift.container("counted");
    const root = "files/docker/registry/v2/";
    const object = (size: number, contentType = "application/octet-stream") => ({
      ...plainObject(Buffer.alloc(size, 1)),
      contentType,
    });
    own.put(`${root}blobs/a/data`, object(10));
    own.put(`${root}blobs/large/data`, object(0));
    own.put(`${root}blobs`, object(0, "application/directory"));
    own.put("segments/a/1", object(7));
    own.put("files/lost+found", object(0));
    const connected = await connectSwift(cloud());
    try {
      expect(await connected.listed("counted")).toEqual({ objects: 2, bytes: 17 });
    } finally {
      await connected.close();
    }
  });
});

describe("what does not belong into a registry's container", () => {
  const empty = (name: string) => ({ name, bytes: 0, subdir: false });

  test.each([
    "files",
    "files/",
    "files/docker",
    "files/docker/registry/v2",
    "files/docker/registry/v2/blobs",
    "segments",
    "files/lost+found",
  ])("%s, an empty object that stands for a folder, is nothing foreign", (name) => {
    expect(isForeign(empty(name))).toBe(false);
  });

  test("the same with content is, and so is what lies beside", () => {
    expect(isForeign({ ...empty("files/docker"), bytes: 1 })).toBe(true);
    expect(isForeign(empty("files/other"))).toBe(true);
    expect(isForeign(empty("backup.tar"))).toBe(true);
    expect(isForeign({ name: "files/other/", bytes: 0, subdir: true })).toBe(true);
    expect(isForeign({ name: "files/lost+found/", bytes: 0, subdir: true })).toBe(true);
    expect(isForeign({ name: "files/docker/", bytes: 0, subdir: true })).toBe(false);
    expect(isForeign({ name: "segments/", bytes: 0, subdir: true })).toBe(false);
  });
});

describe("the workstation's proxy", () => {
  test("in either case, and never for this machine itself", () => {
    expect(workstationProxy({ https_proxy: "http://p:3128", NO_PROXY: "10.0.0.0/8,.lab" })).toEqual({
      https: "http://p:3128",
      no: ["localhost", "127.0.0.0/8", "::1", "10.0.0.0/8", ".lab"],
    });
    expect(workstationProxy({ NO_PROXY: "*" })).toBeUndefined();
    expect(workstationProxy({ HTTPS_PROXY: "", https_proxy: "http://p:3128" })).toMatchObject({
      https: "http://p:3128",
    });
  });
  test.each([
    ["HTTPS_PROXY", "ftp://p:21", '"ftp://p:21"'],
    ["HTTP_PROXY", "socks4://p:1080", '"socks4://p:1080"'],
    ["https_proxy", "http://[", '"http://["'],
    ["HTTPS_PROXY", "https://u:secret@p:3128:1", '"...@p:3128:1"'],
    ["HTTPS_PROXY", "p:port", '"p:port"'],
  ])("that no client can use is refused by its name, without its password: %s=%s", (name, value, shown) => {
    expect(() => workstationProxy({ [name]: value })).toThrow(
      `${name} of this shell is ${shown}, which no client can use; accepted is a proxy at http://, https:// or ` +
        `socks5:// with a host, or a host alone; set another, or run without it: env -u ${name} <command>`,
    );
  });
  test.each(["p", "p:3128", "u:secret@p:3128", "HTTP://p", "socks5h://p:1080", "socks5://p:1080"])(
    "at %s is taken as it stands",
    (https) => expect(workstationProxy({ HTTPS_PROXY: https })).toMatchObject({ https }),
  );
});
