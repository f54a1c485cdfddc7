import { removeStaleMoverPods } from "../../../cluster/mover/pods";
import { paths } from "../../../cluster/api/paths";
import { FakeApi } from "../support/fake-api";
import { specHashAnnotation } from "../../../cluster/names";

/** A Pod of ours; one that `stays` is of a node that does not answer: it is deleted, and never goes. */
class Pods extends FakeApi {
  stays = new Set<string>();

  add(name: string, hash: string | undefined, phase = "Running"): void {
    this.put(paths.pod(name), {
      metadata: {
        labels: { app: "image-registry-migration" },
        annotations: hash === undefined ? {} : { [specHashAnnotation]: hash },
      },
      spec: { nodeName: "node-1", containers: [] },
      status: { phase },
    });
  }

  override async remove(path: string): Promise<boolean> {
    if (this.stays.has(path)) {
      this.edit(path, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
      return true;
    }
    return super.remove(path);
  }
}

const final = "image-registry-migration";
const live = "image-registry-migration-live";
const back = "image-registry-migration-back";

async function removing(api: Pods, planned: Record<string, string>, onlyOpens: boolean) {
  const lines: string[] = [];
  let offset = 0;
  const now = jest.spyOn(performance, "now").mockImplementation(() => (offset += 60_000));
  try {
    await removeStaleMoverPods(api, { planned, onlyOpens }, (line) => lines.push(line));
    return lines;
  } finally {
    now.mockRestore();
  }
}

const names = (api: FakeApi) => [...api.objects.keys()].map((path) => path.split("/").at(-1));

test("what is planned as it is stays, and what this program did not make", async () => {
  const api = new Pods();
  api.add(final, "a");
  api.add(live, "b");
  api.add("somebody's", undefined);
  expect(await removing(api, { [final]: "a", [live]: "c" }, false)).toEqual([
    expect.stringContaining(
      `removing pod openshift-image-registry/${live}, which was made from other settings`,
    ),
  ]);
  expect(names(api)).toEqual([final, "somebody's"]);
});

test("a Job for shards is one of them, and its Pods are the Job's", async () => {
  const api = new Pods();
  const shards = "image-registry-migration-shards";
  api.add(`${shards}-0-abcde`, undefined);
  const labels = { app: "image-registry-migration" };
  api.put(paths.job(shards), { metadata: { labels, annotations: { [specHashAnnotation]: "a" } } });
  expect(await removing(api, { [shards]: "a" }, false)).toEqual([]);
  expect(await removing(api, { [shards]: "b" }, false)).toEqual([
    expect.stringContaining(`removing job openshift-image-registry/${shards}, which was made from other`),
  ]);
  expect(names(api)).toEqual([`${shards}-0-abcde`]);
});

test("a dead node does not keep the registry closed: an abort that only opens warns and goes on", async () => {
  const api = new Pods();
  api.stays.add(paths.pod(final));
  api.add(final, "a");
  const lines = await removing(api, {}, true);
  expect(lines.at(-1)).toMatch(
    /^warning: pod \S+ does not end within 90 s: node node-1 may not answer.*--force --grace-period=0.*only reads the volume: the registry is opened meanwhile/,
  );
});

test.each([
  ["a run that makes Pods", final, false],
  ["a Pod that writes to the volume", back, true],
])(
  "%s: a dead node is an error that names the node, and the force that it takes",
  async (_what, name, onlyOpens) => {
    const api = new Pods();
    api.stays.add(paths.pod(name));
    api.add(name, "a");
    await expect(removing(api, {}, onlyOpens)).rejects.toThrow(
      new RegExp(
        `pod openshift-image-registry/${name} does not end within 90 s: node node-1 .*certainly down.*delete pod ${name} --force`,
      ),
    );
  },
);
