/** What is relied on of an API server; the real one and the one in memory are both held to it. */
import { type Api, ApiError } from "../../../cluster/api/api";
import { journalOf, takeRun } from "../../../cluster/journal/store";
import type { RawConfigMap } from "../../../cluster/api/objects";
import { paths } from "../../../cluster/api/paths";
import { namespace } from "../../../cluster/names";

export function describeApi(name: string, make: () => Api): void {
  const map = `api-contract-${process.pid}`;
  const path = paths.configMap(map);
  const body = (data: object, metadata: object = {}) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: map, namespace, ...metadata },
    data,
  });
  const kind = (error: unknown) => (error instanceof ApiError ? error.kind : error);

  describe(name, () => {
    let api: Api;
    beforeEach(async () => {
      api = make();
      await api.remove(path);
    });
    afterEach(async () => {
      await api.remove(path);
    });

    test("a missing object is undefined, a missing kind lists nothing, removing it twice is no error", async () => {
      expect(await api.get(path)).toBeUndefined();
      expect(await api.list("/apis/nothing.example/v1/things")).toEqual([]);
      expect(await api.remove(path)).toBe(false);
    });

    test("what exists cannot be made again", async () => {
      await api.create(paths.configMaps, body({ a: "1" }));
      expect(await api.create(paths.configMaps, body({ a: "2" })).catch(kind)).toBe("exists");
      expect((await api.get<RawConfigMap>(path))?.data).toEqual({ a: "1" });
    });

    test("a dry run makes nothing", async () => {
      await api.create(paths.configMaps, body({ a: "1" }), { dryRun: "All" });
      expect(await api.get(path)).toBeUndefined();
    });

    test("a write under an old resourceVersion is a conflict and changes nothing", async () => {
      await api.create(paths.configMaps, body({ a: "1" }));
      const old = await api.get<RawConfigMap>(path);
      const resourceVersion = old?.metadata.resourceVersion ?? "";
      await api.mergePatch(path, { data: { a: "2" } });
      expect(await api.replace(path, body({ a: "3" }, { resourceVersion })).catch(kind)).toBe("conflict");
      expect(
        await api.mergePatch(path, { metadata: { resourceVersion }, data: { a: "4" } }).catch(kind),
      ).toBe("conflict");
      expect((await api.get<RawConfigMap>(path))?.data).toEqual({ a: "2" });
    });

    test("a merge patch adds, changes, and removes with null", async () => {
      await api.create(paths.configMaps, body({ a: "1", b: "1" }));
      await api.mergePatch(path, { data: { a: null, b: "2", c: "3" } });
      expect((await api.get<RawConfigMap>(path))?.data).toEqual({ b: "2", c: "3" });
    });

    test("patching what does not exist is not-found", async () => {
      expect(await api.mergePatch(path, { data: {} }).catch(kind)).toBe("not-found");
    });

    test("invariant 4: of changes at once none is lost, and a run that was taken over changes nothing", async () => {
      await takeRun(api, { token: "t1", stack: "s1", host: "h", since: "now" });
      const journal = journalOf(api, "t1");
      try {
        await Promise.all(
          ["live", "final", "back"].map((each) =>
            journal.update((before) => ({ ...before, attempts: { ...before.attempts, [each]: 1 } })),
          ),
        );
        expect((await journal.assertRun()).attempts).toEqual({ live: 1, final: 1, back: 1 });
        await takeRun(api, { token: "t2", stack: "s2", host: "h2", since: "later" });
        await expect(journal.update((each) => each)).rejects.toThrow(
          "another run took over (stack s2, host h2, since later)",
        );
      } finally {
        await api.remove(paths.journal);
      }
    });
  });
}
