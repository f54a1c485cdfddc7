import { fromJournal, toJournal } from "../../../cluster/pull-check/images";
import { imageStreamSamples, type RawImageStream, stillNamed } from "../../../cluster/pull-check/samples";

const own = "registry.svc:5000";

interface Tag {
  readonly image: string;
  readonly created?: string;
  /** Where the image is; default: in the ImageStream's own repository. */
  readonly at?: string;
}

const stream = (name: string, tags: readonly Tag[], deleted = false): RawImageStream => ({
  metadata: {
    name,
    namespace: "team",
    uid: name,
    resourceVersion: "1",
    ...(deleted ? { deletionTimestamp: "now" } : {}),
  },
  status: {
    dockerImageRepository: `${own}/team/${name}`,
    tags: tags.map(({ image, created = "2026-01-01", at = `${own}/team/${name}` }) => ({
      tag: image,
      items: [{ dockerImageReference: `${at}@${image}`, image, created }],
    })),
  },
});

test("repositories take turns, the newest first; another registry's and another project's images are not theirs", () => {
  const streams = [
    stream("old", [{ image: "sha256:1", created: "2026-01-01" }]),
    stream("busy", [
      { image: "sha256:2", created: "2026-01-02" },
      { image: "sha256:3", created: "2026-03-01" },
      { image: "sha256:2", created: "2026-01-02" },
      { image: "sha256:4", at: "quay.io/team/busy" },
      { image: "sha256:5", at: `${own}/elsewhere/busy` },
    ]),
    stream("none", []),
    stream("going", [{ image: "sha256:6", created: "2026-09-09" }], true),
  ];
  const samples = imageStreamSamples(streams, 10);
  expect(samples.map(({ repository, reference }) => `${repository}@${reference}`)).toEqual([
    "team/busy@sha256:3",
    "team/old@sha256:1",
    "team/busy@sha256:2",
  ]);
  expect(imageStreamSamples(streams, 1)).toHaveLength(1);
  expect(fromJournal(toJournal(samples, "now"))).toEqual(samples);
});

test("an image counts as named while a tag of an ImageStream that stays has it, in its history too", () => {
  const seen = [stream("a", [{ image: "sha256:1" }]), stream("b", [{ image: "sha256:2" }], true)];
  expect(stillNamed(seen, { repository: "team/a", reference: "sha256:1" })).toBe(true);
  expect(stillNamed(seen, { repository: "team/a", reference: "sha256:9" })).toBe(false);
  expect(stillNamed(seen, { repository: "team/b", reference: "sha256:2" })).toBe(false);
});

test("1,100 images with long names take less than a ConfigMap in the journal", () => {
  const samples = Array.from({ length: 1100 }, (_, i) => ({
    repository: `${"p".repeat(63)}/${"n".repeat(100)}${i}`,
    reference: `sha256:${"0".repeat(64)}`,
  }));
  expect(JSON.stringify(toJournal(samples, "now")).length).toBeLessThan(400_000);
});
