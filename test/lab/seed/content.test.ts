import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bytesOf, emptyLayer, layerOf } from "./content";
import { Layout } from "./layout";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "seed-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("content depends on its name only", () => {
  expect(bytesOf("a", 100)).toEqual(bytesOf("a", 100));
  expect(bytesOf("a", 100)).not.toEqual(bytesOf("b", 100));
  expect(layerOf("a", 1000)).toEqual(layerOf("a", 1000));
});

test("a layer is a tar that tar can read", () => {
  writeFileSync(join(dir, "layer.tar.gz"), layerOf("thing", 1000));
  execFileSync("tar", ["-C", dir, "-xzf", join(dir, "layer.tar.gz")]);
  expect(readFileSync(join(dir, "opt/thing"))).toEqual(bytesOf("thing", 1000));
});

test("the empty layer is an empty tar", () => {
  expect(gunzipSync(emptyLayer())).toEqual(Buffer.alloc(1024));
});

test("a layout's blobs have the names of their content", () => {
  const layout = new Layout(dir);
  const layer = layout.layer(layerOf("x", 10));
  const image = layout.image("one", [layer]);
  layout.name("ref", image);
  for (const { digest } of [layer, image]) {
    const hex = digest.slice("sha256:".length);
    const data = readFileSync(join(dir, "blobs/sha256", hex));
    expect(createHash("sha256").update(data).digest("hex")).toBe(hex);
  }
  expect(layout.image("two", [layer]).digest).not.toBe(image.digest);
});
