import { createHash } from "node:crypto";
import {
  architectureOf,
  childOf,
  manifestDigest,
  parseManifest,
  smallestBlob,
} from "../../../cluster/pull-check/manifest";

const hash = (algorithm: string, text: string) =>
  `${algorithm}:${createHash(algorithm).update(text).digest("hex")}`;

describe("a manifest's digest is the registry's", () => {
  test("of its bytes, by the algorithm that names it", () => {
    const body = Buffer.from('{"schemaVersion":2}');
    expect(manifestDigest(body, "sha256:x")).toBe(hash("sha256", body.toString()));
    expect(manifestDigest(body, "sha512:x")).toBe(hash("sha512", body.toString()));
  });

  test("schema 1: of the payload, without the signatures", () => {
    // As the registry signs: the payload up to its last brace, the signatures, and then what the header calls the tail.
    const payload = '{\n   "schemaVersion": 1,\n   "fsLayers": [{"blobSum": "sha256:a"}]\n}';
    const formatLength = payload.length - "\n}".length;
    const tail = Buffer.from("\n}").toString("base64url");
    const header = Buffer.from(JSON.stringify({ formatLength, formatTail: tail })).toString("base64url");
    const signatures = `,\n   "signatures": [{"header": {}, "signature": "s", "protected": "${header}"}]\n}`;
    const signed = Buffer.from(payload.slice(0, formatLength) + signatures);
    expect(manifestDigest(signed, "sha256:x")).toBe(hash("sha256", payload));
    expect(smallestBlob(parseManifest(signed))).toEqual({ digest: "sha256:a" });
  });
});

test("the smallest layer that is in the registry is pulled: not what its author keeps elsewhere", () => {
  const foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  const layers = [
    { digest: "sha256:big", size: 9 },
    { digest: "sha256:urls", size: 1, urls: ["https://elsewhere.example/layer"] },
    { digest: "sha256:foreign", size: 1, mediaType: foreign },
    { digest: "sha256:small", size: 5 },
  ];
  expect(smallestBlob({ layers, config: { digest: "sha256:config", size: 1 } })?.digest).toBe("sha256:small");
  expect(smallestBlob({ layers: [], config: { digest: "sha256:config" } })?.digest).toBe("sha256:config");
  expect(smallestBlob({})).toBeUndefined();
});

test("of an index the image of the node's architecture, else the first", () => {
  const manifests = ["arm64", "amd64"].map((architecture) => ({
    digest: `sha256:${architecture}`,
    platform: { architecture, os: "linux" },
  }));
  expect(childOf({ manifests }, architectureOf("x64"))?.digest).toBe("sha256:amd64");
  expect(childOf({ manifests }, "s390x")?.digest).toBe("sha256:arm64");
  expect(childOf({}, "amd64")).toBeUndefined();
});
