import { observeMoverPods } from "../../../cluster/mover/observed";
import { paths } from "../../../cluster/api/paths";
import { identityForMover } from "../../../cluster/mover/identity";
import { FakeApi } from "../support/fake-api";
import { reportWith } from "../support/report";

const progress = {
  event: "progress",
  t: "",
  phase: "blobs",
  objects: { objects: 10, bytes: 2 ** 20 },
  total: { objects: 40, bytes: 2 ** 30 },
  percent: 25,
  rate: 0,
};

class LogApi extends FakeApi {
  log: string | undefined;
  override async text(): Promise<string | undefined> {
    if (this.log === undefined) throw new Error("no log");
    return this.log;
  }
}

function pod(api: FakeApi, name: string, status: object): void {
  const metadata = { uid: name, labels: { app: "image-registry-migration" } };
  api.put(`${paths.pods}/${name}`, { metadata, spec: { containers: [] }, status });
}

test("a Job for shards stands for its Pods", async () => {
  const api = new LogApi();
  const name = "image-registry-migration-shards";
  const labels = { app: "image-registry-migration" };
  api.put(paths.job(name), {
    metadata: { uid: "j", labels },
    spec: { completions: 4 },
    status: { completedIndexes: "0,2" },
  });
  api.put(paths.pod("one-of-it"), {
    metadata: { labels, ownerReferences: [{ kind: "Job", name, uid: "j" }] },
    spec: { containers: [] },
  });
  const seen = { name, uid: "j", phase: "Running", terminating: false, told: "2 of 4 shards are done" };
  expect(await observeMoverPods(api)).toEqual([{ ...seen, shards: { count: 4 } }]);
  const context = identityForMover({ claimUid: "c", run: { word: "1" } });
  const terminated = { exitCode: 0, message: JSON.stringify(reportWith({ proven: false, context })) };
  for (const uid of ["j", "another"])
    api.put(paths.pod(`done-${uid}`), {
      metadata: { labels, ownerReferences: [{ kind: "Job", name, uid }] },
      spec: { containers: [] },
      status: { phase: "Succeeded", containerStatuses: [{ state: { terminated } }] },
    });
  expect(await observeMoverPods(api)).toEqual([{ ...seen, shards: { count: 4, run: { word: "1" } } }]);
  await api.remove(paths.pod("done-j"));
  expect(await observeMoverPods(api)).toEqual([{ ...seen, shards: { count: 4 } }]);
});

test("a Pod tells its result, or how far it is, or nothing", async () => {
  const api = new LogApi();
  const end = (report: object) => ({
    containerStatuses: [{ state: { terminated: { exitCode: 0, message: JSON.stringify(report) } } }],
  });
  pod(api, "good", { phase: "Succeeded", ...end(reportWith({ proven: false })) });
  pod(api, "bad", { phase: "Failed", ...end(reportWith({ exitCode: 14, message: "quota" })) });
  pod(api, "running", { phase: "Running" });
  pod(api, "waiting", { phase: "Pending" });
  const told = async () =>
    Object.fromEntries((await observeMoverPods(api)).map((each) => [each.name, each.told]));
  api.log = `${JSON.stringify(progress)}\nno event\n`;
  expect(await told()).toEqual({
    good: expect.stringMatching(/^copied /),
    bad: "quota",
    running: "25 % 1.0 MiB of 1.0 GiB, [#####...............], 10 of 40 objects, blobs",
    waiting: undefined,
  });
  api.log = undefined;
  expect((await told())["running"]).toBeUndefined();
});

test("a Pod that made way for the registry is told from one that copied all, though both end with 0", async () => {
  const api = new LogApi();
  const message = JSON.stringify(reportWith({ exitCode: 17, message: "not answered for 300 s" }));
  pod(api, "away", {
    phase: "Succeeded",
    containerStatuses: [{ state: { terminated: { exitCode: 0, message } } }],
  });
  expect(await observeMoverPods(api)).toMatchObject([
    { phase: "Failed", told: "not answered for 300 s", madeWay: true },
  ]);
});
