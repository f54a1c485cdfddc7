import { createHash } from "node:crypto";
import { fromText, percentDecode, percentEncode, toText } from "../../swift/bytes";
import type { Report } from "../../migrator/contract";
import { InventoryDigest, Inventories } from "../../migrator/compare/inventory";
import { storageUrl, tokensUrl } from "../../swift/keystone";
import {
  blobPathOf,
  contentOfLink,
  digestOfBlob,
  isExcluded,
  isFilePath,
  kindOf,
} from "../../migrator/volume/layout";
import { parsePage } from "../../swift/listing";
import { proxyFor } from "../../swift/proxy";
import { PhasedQueue } from "../../migrator/queue";
import { shortenReport } from "../../migrator/report";
import { segmentName, segmentsOf } from "../../migrator/transfer/segments";
import { resolveSettings } from "../../migrator/settings";

const hex = "0123456789abcdef".repeat(4);

describe("layout", () => {
  test("tells blobs, links and tags by their path", () => {
    expect(kindOf(`blobs/sha256/01/${hex}/data`)).toBe("blob");
    expect(kindOf(`repositories/a/_layers/sha256/${hex}/link`)).toBe("link");
    expect(kindOf("repositories/a/_manifests/tags/v1/current/link")).toBe("tag");
    expect(kindOf("blobs/sha256/01/short/data")).toBe("link");
    expect(digestOfBlob(`blobs/sha512/01/${hex}${hex}/data`)).toBe(`sha512:${hex}${hex}`);
    expect(blobPathOf(`sha256:${hex}`)).toBe(`blobs/sha256/01/${hex}/data`);
  });
  test("knows a link's content where the path tells it, and only there", () => {
    expect(contentOfLink(`repositories/a/_manifests/revisions/sha256/${hex}/link`)).toBe(`sha256:${hex}`);
    expect(contentOfLink("repositories/a/_manifests/tags/v1/current/link")).toBeUndefined();
  });
  test("excludes uploads and the file system's leftovers, and names no file can have", () => {
    expect(isExcluded("repositories/a/_uploads/1/data")).toBe(true);
    expect(isExcluded("repositories/a/_layers/x")).toBe(false);
    for (const bad of ["../x", "a/../x", "a//b", "a/.", "/a", "a/", ""])
      expect([bad, isFilePath(bad)]).toEqual([bad, false]);
    for (const good of ["a", "a/.b", "a/..b", "a/b.."])
      expect([good, isFilePath(good)]).toEqual([good, true]);
  });
});

describe("names", () => {
  test("are bytes that survive URLs and read well", () => {
    const name = fromText("ä 😀%+#?&=\n");
    expect(Buffer.from(percentDecode(percentEncode(name)), "latin1").toString()).toBe("ä 😀%+#?&=\n");
    expect(percentEncode(name)).toMatch(/^[A-Za-z0-9%.]+$/);
    expect(toText(name)).toBe("ä 😀%+#?&=\\x0a");
    expect(toText("a\xff")).toBe("a\\xff");
  });
});

describe("parsePage", () => {
  const row = (name: string, type = "application/octet-stream"): object => ({
    bytes: 3,
    hash: "aa",
    name,
    content_type: type,
    last_modified: "2026-01-01T00:00:00.000000",
  });
  test("reads both ways alike, in blocks, whatever the names hold", () => {
    const names = Array.from({ length: 2000 }, (_, i) =>
      `p/${hex}-${i}},{"x`.slice(0, i % 7 === 0 ? 99 : 40),
    );
    const plain = names.filter((name) => !name.includes('"'));
    for (const list of [plain, names, [...plain, "p/ä", "p/a\\b"]]) {
      const text = JSON.stringify(list.map((name) => row(name)));
      const expected = list.map((name) => fromText(name.slice(2)));
      expect(parsePage(Buffer.from(text), "p/").map((o) => o.name)).toEqual(expected);
      expect(parsePage(Buffer.from(text.replaceAll(",", ", ").replaceAll(":", ": ")), "p/")).toHaveLength(
        list.length,
      );
    }
  });
  test("knows directory markers, empty pages and folders", () => {
    expect(
      parsePage(Buffer.from(JSON.stringify([row("p/d", "application/directory")])), "p/")[0],
    ).toMatchObject({
      name: "d",
      marker: true,
    });
    expect(parsePage(Buffer.from("[]\n"), "p/")).toEqual([]);
    expect(parsePage(Buffer.from('[{"subdir": "p/x/"}]'), "p/")).toEqual([]);
  });
  test("a cut page is a passing fault", () => {
    const text = JSON.stringify([row("p/a"), row("p/b")]);
    expect(() => parsePage(Buffer.from(text.slice(0, -9)), "p/")).toThrow(
      expect.objectContaining({ name: "TransientError" }),
    );
  });
});

describe("inventory", () => {
  test("is the SHA-256 of its lines, forked or not", () => {
    const one = new InventoryDigest();
    one.add("a", 1, "x");
    const two = one.fork();
    two.add("b", 2, "y");
    expect(two.result()).toEqual({
      objects: 2,
      bytes: 3,
      digest: createHash("sha256").update("a\x001\0x\nb\x002\0y\n").digest("hex"),
    });
    expect(one.result().objects).toBe(1);
  });
  test("differs as soon as one side does, and stays equal otherwise", () => {
    const sides = new Inventories();
    sides.both("a", 1, "-");
    expect(sides.result().equal).toBe(true);
    sides.target("b", 1, "-");
    sides.both("c", 1, "-");
    expect(sides.result()).toMatchObject({ equal: false, source: { objects: 2 }, target: { objects: 3 } });
  });
});

describe("keystone", () => {
  const catalog = [
    {
      type: "object-store",
      name: "other",
      endpoints: [{ interface: "public", region: "R", url: "http://o/" }],
    },
    {
      type: "object-store",
      name: "swift",
      endpoints: [
        { interface: "public", region: "R", url: "http://s/" },
        { interface: "internal", region_id: "Q", url: "http://i" },
      ],
    },
  ];
  test("takes the service named swift by region and interface, without a trailing slash", () => {
    expect(storageUrl(catalog, {})).toBe("http://s");
    expect(storageUrl(catalog, { region: "Q", interface: "internal" })).toBe("http://i");
    expect(() => storageUrl(catalog, { region: "X" })).toThrow(
      /no public object-store endpoint in region X.*public in R/,
    );
    expect(storageUrl(catalog, { serviceName: "other" })).toBe("http://o");
    expect(() => storageUrl(catalog.slice(0, 1), { serviceName: "swift" })).toThrow(
      /object store is named "other".*only one named "swift"/,
    );
    expect(() => storageUrl([], {})).toThrow(expect.objectContaining({ failure: "catalog" }));
  });
  test("of several regions takes the one that is named, by name or id, else the first", () => {
    const url = (region: string) => `http://${region}`;
    const endpoints = ["one", "two"].map((id) => ({
      interface: "public",
      region: `Region ${id}`,
      region_id: id,
      url: url(id),
    }));
    const regions = [{ type: "object-store", name: "swift", endpoints }];
    expect(storageUrl(regions, { region: "two" })).toBe("http://two");
    expect(storageUrl(regions, { region: "Region two" })).toBe("http://two");
    expect(storageUrl(regions, {})).toBe("http://one");
  });
  test("finds the tokens with and without a version in the URL", () => {
    expect(tokensUrl("http://k:5000").href).toBe("http://k:5000/v3/auth/tokens");
    expect(tokensUrl("http://k/identity/v3/").href).toBe("http://k/identity/v3/auth/tokens");
  });
});

describe("proxyFor", () => {
  const settings = {
    https: "http://proxy:3128",
    no: [
      ".svc",
      "10.0.0.0/16",
      "swift.example:8080",
      "fd00::/8",
      "exact",
      "*.stars.example",
      " Spaced.example",
      "192.0.2.7:5000",
      "[2001:db8::5]:5000",
      "2001:DB8:0::6",
      "203.0.113.9/24",
      ".port.example:5000",
      "not/a/network",
    ],
  };
  test.each([
    ["https://swift.example", "http://proxy:3128"],
    ["https://swift.example:8080", undefined],
    ["https://a.svc", undefined],
    ["https://10.0.3.4:443", undefined],
    ["https://10.1.3.4", "http://proxy:3128"],
    ["https://[fd00::1]", undefined],
    ["https://exact", undefined],
    ["https://sub.exact", undefined],
    ["https://notexact", "http://proxy:3128"],
    ["http://swift.example", undefined],
    ["https://svc", "http://proxy:3128"],
    ["https://a.stars.example", undefined],
    ["https://stars.example", "http://proxy:3128"],
    ["https://spaced.example", undefined],
    ["https://192.0.2.7:5000", undefined],
    ["https://192.0.2.7", "http://proxy:3128"],
    ["https://[2001:db8::5]:5000", undefined],
    ["https://[2001:db8::5]", "http://proxy:3128"],
    ["https://[2001:db8::6]", undefined],
    ["https://203.0.113.200", undefined],
    ["https://203.0.114.1", "http://proxy:3128"],
    ["https://a.port.example:5000", undefined],
    ["https://a.port.example", "http://proxy:3128"],
  ])("as Go's net/http: %s: %s", (origin, proxy) => expect(proxyFor(origin, settings)).toBe(proxy));
  test.each([
    ["proxy:3128", "http://proxy:3128"],
    ["192.0.2.1:3128", "http://192.0.2.1:3128"],
    ["user:word@proxy:3128", "http://user:word@proxy:3128"],
    ["HTTP://proxy:3128", "HTTP://proxy:3128"],
    ["https://proxy:3128", "https://proxy:3128"],
    ["socks5://proxy:1080", "socks5://proxy:1080"],
    ["socks5h://proxy:1080", "socks5h://proxy:1080"],
    ["a+b-c.d://proxy", "a+b-c.d://proxy"],
  ])("a scheme, or else http, as Go's httpproxy: %s: %s", (https, proxy) =>
    expect(proxyFor("https://swift.example", { https })).toBe(proxy),
  );
});

describe("PhasedQueue", () => {
  test("starts a phase only when the one before has ended, and stops at the first failure", async () => {
    const log: string[] = [];
    const queue = new PhasedQueue<string>(2, async (task) => {
      log.push(`+${task}`);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`-${task}`);
      if (task === "bad") throw new Error("bad");
    });
    queue.push("a", 0);
    queue.push("b", 0);
    queue.push("c", 1);
    await queue.idle();
    expect(log.indexOf("+c")).toBeGreaterThan(log.indexOf("-b"));
    queue.push("bad", 1);
    queue.push("never", 2);
    await expect(queue.idle()).rejects.toThrow("bad");
    expect(log).not.toContain("+never");
  });
});

describe("large objects", () => {
  test("have the registry's own names for segments, derived from the digest", () => {
    const prefix = segmentsOf("x", `sha256:${hex}`);
    expect(prefix).toBe(`segments/012/${hex.slice(3, 40)}`);
    expect(segmentName(prefix, 1)).toMatch(/^segments\/[0-9a-f]{3}\/[0-9a-f]{37}\/0{15}1$/);
  });
});

describe("shortenReport", () => {
  const tally = { objects: 1, bytes: 2 };
  const report: Report = {
    version: 1,
    mode: "finish",
    outcome: "failed",
    exitCode: 4,
    message: "ä".repeat(5000),
    container: "c",
    context: { claim: "uid" },
    startedAt: "",
    finishedAt: "",
    blobs: tally,
    links: tally,
    copied: tally,
    skipped: tally,
    deleted: tally,
    retries: 0,
    seconds: {},
    proven: false,
    source: { ...tally, digest: hex },
    corrupt: Array.from({ length: 50 }, (_, i) => ({
      digest: `sha256:${i}${hex}`,
      usedBy: Array.from({ length: 40 }, (_, j) => `repository/${j}:tag`),
    })),
  };
  test("fits a termination message; numbers and digests stay, lists say what they left out", () => {
    const text = shortenReport(report);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    const short = JSON.parse(text) as Report;
    expect(short).toMatchObject({ exitCode: 4, source: report.source, context: report.context });
    expect(short.corrupt.length + (short.corruptMore ?? 0)).toBe(50);
    expect(shortenReport({ ...report, message: "m", corrupt: [] })).toBe(
      JSON.stringify({ ...report, message: "m", corrupt: [] }),
    );
  });
  test("names that go with a number go first, and the number stays", () => {
    const names = Array.from({ length: 100 }, (_, i) => `${i} ${"n".repeat(200)}`);
    const long = {
      ...report,
      message: "m",
      corrupt: [],
      missing: { objects: 300, names },
      partial: { manifests: 200, names },
    };
    const text = shortenReport(long);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    const short = JSON.parse(text) as Report;
    expect(short).toMatchObject({ missing: { objects: 300 }, partial: { manifests: 200 } });
    expect(short.missing?.names).toEqual(names.slice(0, 5));
  });
});

describe("resolveSettings", () => {
  const good = {
    mode: "copy",
    root: "/files",
    container: "c",
    cloud: {
      authUrl: "http://k/v3",
      auth: { type: "password", username: "u", projectName: "p", secret: { kind: "file", path: "/s" } },
    },
  };
  test("fills in defaults", () =>
    expect(resolveSettings(good)).toMatchObject({ transfers: 32, verify: "size" }));
  test("reports all problems together, misspelt names and secrets in the clear among them", () => {
    const bad = {
      ...good,
      mode: "move",
      transfers: 0,
      transfer: 3,
      cloud: { ...good.cloud, auth: { ...good.cloud.auth, secret: { kind: "value", value: "hunter2" } } },
    };
    expect(() => resolveSettings(bad)).toThrow(
      /mode must be one of.*transfers must be.*transfer is not a setting.*cloud\.auth\.secret must not hold/,
    );
    expect(() => resolveSettings(bad)).not.toThrow(/hunter2/);
  });
  test("a proxy that no client can use is one of them, and its password stays untold", () => {
    const through = (https: string) => ({ ...good, cloud: { ...good.cloud, proxy: { https } } });
    expect(() => resolveSettings(through("ftp://u:hunter2@p"))).toThrow(/https must be a proxy at http:\/\//);
    expect(() => resolveSettings(through("ftp://u:hunter2@p"))).not.toThrow(/hunter2/);
    expect(resolveSettings(through("socks5://p:1080"))).toMatchObject(through("socks5://p:1080"));
  });
});
