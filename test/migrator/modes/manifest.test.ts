import { referencesOf } from "../../../migrator/modes/manifest";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const of = (manifest: unknown) => referencesOf(Buffer.from(JSON.stringify(manifest)));

test("an image refers to its configuration and layers, each once; not to layers that are kept elsewhere", () => {
  expect(
    of({
      config: { digest: digest("a") },
      layers: [
        { digest: digest("b") },
        { digest: digest("b") },
        { digest: digest("c"), urls: ["https://x"] },
      ],
    }),
  ).toEqual({ blobs: [digest("a"), digest("b")], manifests: [] });
});

test("a manifest of schema 1 refers to its layers, an index to its manifests", () => {
  expect(of({ fsLayers: [{ blobSum: digest("a") }] }).blobs).toEqual([digest("a")]);
  expect(of({ manifests: [{ digest: digest("d") }] }).manifests).toEqual([digest("d")]);
});

test.each([["null"], ["[]"], ["{"], ['{"layers":{"digest":1},"config":null}'], ['{"layers":[null,1]}']])(
  "%s refers to nothing",
  (text) => expect(referencesOf(Buffer.from(text))).toEqual({ blobs: [], manifests: [] }),
);
