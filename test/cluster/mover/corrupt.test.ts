import { corruptInWords } from "../../../cluster/mover/corrupt";

const stream = (namespace: string, name: string, tags: Readonly<Record<string, readonly string[]>>) => ({
  metadata: { namespace, name, uid: name, resourceVersion: "1" },
  status: {
    tags: Object.entries(tags).map(([tag, images]) => ({
      tag,
      items: images.map((image) => ({ image, dockerImageReference: `r:5000/${namespace}/${name}@${image}` })),
    })),
  },
});
const blob = (usedBy: readonly string[], more: object = {}) => ({ digest: "sha256:bb", usedBy, ...more });

test("every tag of an ImageStream that leads to an image with the blob, also in another project, and what it led to before", () => {
  const streams = [
    stream("team", "app", { latest: ["sha256:22", "sha256:11"], v1: ["sha256:11"] }),
    stream("prod", "app", { live: ["sha256:11"] }),
    stream("team", "other", { latest: ["sha256:99"] }),
  ];
  expect(corruptInWords({ corrupt: [blob(["team/app@sha256:11"])] }, streams)).toEqual([
    "corrupt on the volume: blob sha256:bb, used by team/app:latest (an earlier image of it), team/app:v1, prod/app:live",
  ]);
});

test("what no ImageStream names is told as the mover found it", () => {
  expect(corruptInWords({ corrupt: [blob(["team/app@sha256:11", "plain:v1"])] }).join()).toContain(
    "used by team/app@sha256:11, plain:v1",
  );
  expect(corruptInWords({ corrupt: [blob([], { kept: true })] }).join()).toMatch(
    /no image \(Swift has it whole/,
  );
});

test("twenty lines are enough", () => {
  const lines = corruptInWords({ corrupt: Array.from({ length: 25 }, () => blob(["a:b"])), corruptMore: 7 });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toContain("and 12 more");
});
