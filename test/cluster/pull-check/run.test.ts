/** The pull check's own objects on the cluster: in which order they come, and that none stays. */
import { ApiError } from "../../../cluster/api/api";
import type { RawPod } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { pullCheck, removeLeftPullCheck } from "../../../cluster/pull-check/run";
import { FakeApi } from "../support/fake-api";
import { pullCheckName } from "../../../cluster/names";

const pod = paths.pod(pullCheckName);
const secret = paths.secret(pullCheckName);
const policy = paths.networkPolicy(pullCheckName);
const left = (api: FakeApi) => [pod, secret, policy].filter((path) => api.objects.has(path));

async function pulling(api: FakeApi) {
  const context = { api, journal: { assertRun: async () => ({}) } as never, log: () => undefined };
  return pullCheck({ sample: 1, image: "i", timeoutSeconds: 5 }, context);
}

test("invariant 8: the Secret, which may hold tokens, is the Pod's: it goes with it whoever ends it", async () => {
  const api = new FakeApi();
  const message = JSON.stringify({ ok: true, manifests: 1, blobs: 1, bytes: 1, redirected: 1 });
  api.react = (path) => {
    const made = api.objects.get(pod) as unknown as RawPod | undefined;
    // The Pod's container starts, and so ends, once what it mounts is there.
    if (path === secret && made !== undefined) {
      api.edit(pod, {
        status: {
          phase: "Succeeded",
          containerStatuses: [{ state: { terminated: { exitCode: 0, message } } }],
        },
      });
    }
  };
  expect(await pulling(api)).toMatchObject({ ok: true, manifests: 1 });
  const posts = api.writes.filter(({ what }) => what.startsWith("POST"));
  expect(posts.map(({ what }) => what)).toEqual([`POST ${policy}`, `POST ${pod}`, `POST ${secret}`]);
  expect(posts[2]?.body).toMatchObject({
    metadata: {
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: pullCheckName, uid: `uid-${pod}` }],
    },
  });
  expect(left(api)).toEqual([]);
});

describe("what a killed one left", () => {
  test("is removed, and said", async () => {
    const api = new FakeApi();
    for (const path of [pod, secret, policy]) api.put(path, {});
    const lines: string[] = [];
    await removeLeftPullCheck(api, (line) => lines.push(line));
    expect(left(api)).toEqual([]);
    expect(lines).toHaveLength(3);
  });

  test("nothing left: nothing is sent, which a user without that right may run too", async () => {
    const api = new FakeApi();
    await removeLeftPullCheck(api, () => undefined);
    expect(api.writes).toEqual([]);
  });

  test("what cannot be removed ends no run: the reason and the command are said, and the others go", async () => {
    const api = new FakeApi();
    for (const path of [pod, secret, policy]) api.put(path, {});
    const remove = api.remove.bind(api);
    api.remove = (path) =>
      path === secret
        ? Promise.reject(new ApiError("forbidden", 'not allowed: cannot delete resource "secrets"', 403))
        : remove(path);
    const lines: string[] = [];
    await removeLeftPullCheck(api, (line) => lines.push(line));
    expect(left(api)).toEqual([secret]);
    expect(lines[1]).toMatch(
      /^warning: secret .* cannot delete resource "secrets"; remove it: oc -n \S+ delete secret/,
    );
  });
});
