import * as fc from "fast-check";
import type { Previous } from "../../../cluster/journal/journal";
import {
  besideTheRegistry,
  claimOf,
  exactly,
  holds,
  mergePatched,
  opening,
  sealOnSwift,
  sealOnVolume,
  toSwift,
  toVolume,
} from "../../../cluster/registry/patch";
import { looseSpread } from "../../../cluster/registry/spread";
import { storageKind } from "../../../plan/storage";
import { config } from "../support/snapshots";
import { defaultClaim } from "../../../cluster/names";

const previous: Previous = {
  storage: { managementState: "Unmanaged", pvc: { claim: "image-registry-storage" } },
  replicas: 1,
  rolloutStrategy: "Recreate",
  readOnly: false,
  claim: { name: "image-registry-storage", uid: "u" },
};
const rwo = { name: "image-registry-storage", accessModes: ["ReadWriteOnce"], shared: false };
const shared = { ...rwo, accessModes: ["ReadWriteMany"], shared: true };

describe("the patches, to the letter", () => {
  test("sealing without an outage: RollingUpdate, beside the old Pod, and with a spread that lets it be there", () => {
    expect(sealOnVolume(config(), "rolling", previous)).toEqual({
      readOnly: true,
      rolloutStrategy: "RollingUpdate",
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              labelSelector: { matchLabels: { "docker-registry": "default" } },
              topologyKey: "kubernetes.io/hostname",
            },
          ],
        },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: { "docker-registry": "default" } },
        },
      ],
    });
    expect(sealOnVolume(config(), "rolling-shared", previous)).toEqual({
      readOnly: true,
      rolloutStrategy: "RollingUpdate",
      topologySpreadConstraints: looseSpread,
    });
  });

  test("a registry that an earlier version sealed without a spread is left as it is, and so is its spread", () => {
    const spread = [{ maxSkew: 2, topologyKey: "rack" }];
    const sealed = config({
      readOnly: true,
      rolloutStrategy: "RollingUpdate",
      affinity: besideTheRegistry,
      topologySpreadConstraints: spread,
    });
    expect(holds(sealed, sealOnVolume(sealed, "rolling", previous))).toBe(true);
    expect(sealOnVolume(sealed, "rolling", previous)).not.toHaveProperty("topologySpreadConstraints");
    expect(opening(sealed, previous)).not.toHaveProperty("topologySpreadConstraints");
    expect(toSwift(sealed, previous, { container: "c" })).not.toHaveProperty("topologySpreadConstraints");
  });

  test("sealing with Recreate, and on Swift, is the flag", () => {
    expect(sealOnVolume(config(), "recreate", previous)).toEqual({
      readOnly: true,
      rolloutStrategy: "Recreate",
    });
    expect(sealOnVolume(config(), "as-it-is", previous)).toEqual({ readOnly: true });
    expect(sealOnSwift).toEqual({ readOnly: true });
  });

  test("falling back to Recreate takes our affinity back, or the Pod could not be placed either", () => {
    const rolling = config({
      readOnly: true,
      rolloutStrategy: "RollingUpdate",
      affinity: besideTheRegistry,
      topologySpreadConstraints: looseSpread,
    });
    expect(sealOnVolume(rolling, "recreate", previous)).toEqual({
      readOnly: true,
      rolloutStrategy: "Recreate",
      affinity: null,
      topologySpreadConstraints: null,
    });
  });

  test("a claim of one Pod: no registry while the mover has it", () => {
    expect(sealOnVolume(config(), "scale-to-zero", previous)).toEqual({
      readOnly: true,
      rolloutStrategy: "Recreate",
      replicas: 0,
    });
  });

  test("the switch", () => {
    expect(toSwift(config({ readOnly: true }), previous, { container: "c" })).toEqual({
      rolloutStrategy: "RollingUpdate",
      affinity: null,
      storage: { managementState: "Managed", pvc: null, swift: { container: "c" } },
    });
  });

  test("the switch with the user's own credentials says where they are good", () => {
    const swift = {
      container: "c",
      authURL: "https://k/v3",
      domain: "Default",
      tenant: "p",
      regionName: "r",
    };
    expect(toSwift(config(), previous, swift)["storage"]).toEqual({
      managementState: "Managed",
      pvc: null,
      swift,
    });
  });

  test("the switch after sealing by scaling to zero makes a Pod again", () => {
    expect(toSwift(config({ replicas: 0 }), previous, { container: "c" })["replicas"]).toBe(1);
  });

  test("the abort, from the journal", () => {
    const now = config({
      readOnly: true,
      replicas: 2,
      rolloutStrategy: "RollingUpdate",
      storage: { managementState: "Managed", swift: { container: "c" } },
    });
    expect(toVolume(now, previous, rwo)).toEqual({
      readOnly: false,
      rolloutStrategy: "Recreate",
      replicas: 1,
      storage: { managementState: "Unmanaged", swift: null, pvc: { claim: "image-registry-storage" } },
    });
  });

  test("the abort without a journal is the page's", () => {
    const now = config({ replicas: 2, storage: { managementState: "Managed", swift: { container: "c" } } });
    expect(toVolume(now, undefined, rwo)).toEqual({
      readOnly: false,
      rolloutStrategy: "Recreate",
      replicas: 1,
      storage: { managementState: "Unmanaged", swift: null, pvc: { claim: "image-registry-storage" } },
    });
  });

  test("going back to a claim of one node is with Recreate, whatever the strategy was; opening brings that back", () => {
    const before = { ...previous, rolloutStrategy: "RollingUpdate" };
    expect(toVolume(config(), before, rwo)["rolloutStrategy"]).toBe("Recreate");
    expect(opening(config({ readOnly: true }), before)).toMatchObject({ rolloutStrategy: "RollingUpdate" });
  });

  test("a claim of many nodes keeps strategy and replicas", () => {
    const before = { ...previous, rolloutStrategy: "RollingUpdate", replicas: 3 };
    expect(toVolume(config(), before, shared)).toMatchObject({
      rolloutStrategy: "RollingUpdate",
      replicas: 3,
    });
  });

  test("a claim of many nodes opens only once nothing serves from Swift: with the opening, or at once by Recreate", () => {
    const before = { ...previous, rolloutStrategy: "RollingUpdate" };
    expect(toVolume(config(), before, shared)["readOnly"]).toBe(true);
    expect(toVolume(config(), undefined, shared)["readOnly"]).toBe(true);
    expect(toVolume(config(), { ...before, rolloutStrategy: "Recreate" }, shared)["readOnly"]).toBe(false);
  });

  test("ReadWriteMany on a block device is one node's: Recreate and one replica, the others with the opening", () => {
    const before = { ...previous, rolloutStrategy: "RollingUpdate", replicas: 2 };
    const back = toVolume(config(), before, { ...shared, shared: false });
    expect(back).toMatchObject({ rolloutStrategy: "Recreate", replicas: 1 });
    expect(opening(config({ replicas: 1 }), before)).toMatchObject({
      rolloutStrategy: "RollingUpdate",
      replicas: 2,
    });
  });

  test("opening on Swift is the flag; on the volume also the previous strategy and affinity", () => {
    const onSwift = config({ readOnly: true, storage: { swift: { container: "c" } } });
    expect(opening(onSwift, previous)).toEqual({ readOnly: false });
    const sealed = config({ readOnly: true, rolloutStrategy: "RollingUpdate", affinity: besideTheRegistry });
    expect(opening(sealed, previous)).toEqual({
      readOnly: false,
      rolloutStrategy: "Recreate",
      affinity: null,
    });
    expect(opening(sealed, undefined)).toEqual({
      readOnly: false,
      rolloutStrategy: "Recreate",
      affinity: null,
    });
  });

  test("invariant 7: a registry that was read-only before stays so", () => {
    expect(opening(config({ readOnly: true }), { ...previous, readOnly: true })["readOnly"]).toBe(true);
  });
});

describe("invariant 7: what was there before is what comes back", () => {
  const affinity = fc.option(
    fc.record({
      nodeAffinity: fc.record({ weight: fc.integer({ min: 1, max: 3 }), keys: fc.array(fc.string()) }),
    }),
    { nil: undefined },
  );
  const spread = fc.option(
    fc.array(fc.record({ maxSkew: fc.integer({ min: 1, max: 3 }), topologyKey: fc.string() }), {
      maxLength: 2,
    }),
    { nil: undefined },
  );
  const before = fc.record({
    spread,
    replicas: fc.constant(1),
    readOnly: fc.boolean(),
    rolloutStrategy: fc.constantFrom("Recreate", "RollingUpdate"),
    affinity,
    managementState: fc.constantFrom("Managed", "Unmanaged"),
  });

  test.each(["rolling", "rolling-shared", "recreate", "scale-to-zero"] as const)(
    "migrate (%s), switch, seal, abort",
    (way) => {
      fc.assert(
        fc.property(before, (given) => {
          const start = config({
            readOnly: given.readOnly,
            replicas: given.replicas,
            rolloutStrategy: given.rolloutStrategy,
            ...(given.affinity === undefined ? {} : { affinity: given.affinity }),
            ...(given.spread === undefined ? {} : { topologySpreadConstraints: given.spread }),
            storage: { managementState: given.managementState, pvc: { claim: "c" } },
          });
          const kept: Previous = {
            storage: start.storage,
            replicas: start.replicas,
            rolloutStrategy: given.rolloutStrategy,
            ...(given.affinity === undefined ? {} : { affinity: given.affinity }),
            ...(given.spread === undefined ? {} : { topologySpreadConstraints: given.spread }),
            readOnly: given.readOnly,
            claim: { name: "c", uid: "u" },
          };
          const after = (now: typeof start, patch: object) => mergePatched(now, patch) as typeof start;
          const sealed = after(start, sealOnVolume(start, way, kept));
          expect(after(sealed, opening(sealed, kept))).toEqual(start);
          const straight = after(sealed, toVolume(sealed, kept, { ...rwo, name: "c" }));
          expect(after(straight, opening(straight, kept))).toEqual(start);
          const switched = after(sealed, toSwift(sealed, kept, { container: "x" }));
          expect(switched.topologySpreadConstraints).toEqual(given.spread);
          const opened = after(switched, opening(switched, kept));
          const two = after(opened, { replicas: 2 });
          const sealedAgain = after(two, sealOnSwift);
          const back = after(sealedAgain, toVolume(sealedAgain, kept, { ...rwo, name: "c" }));
          expect(after(back, opening(back, kept))).toEqual(start);
        }),
      );
    },
  );
});

describe("merge patches", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.integer(), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }),
    ),
  })).value;

  test("`exactly` turns anything into anything else, and then holds", () => {
    fc.assert(
      fc.property(json, json, (from, to) => {
        const patch = { storage: exactly(from, to) };
        expect(mergePatched({ storage: from }, patch)).toEqual({ storage: to });
      }),
    );
  });

  test("`holds` is what applying it would leave unchanged", () => {
    const now = config({ readOnly: true });
    expect(holds(now, { readOnly: true })).toBe(true);
    expect(holds(now, { readOnly: false })).toBe(false);
    expect(holds(now, { storage: { pvc: null } })).toBe(false);
    expect(holds(now, { storage: { swift: null }, affinity: null })).toBe(true);
    expect(holds(now, { storage: { pvc: { claim: "image-registry-storage" } } })).toBe(true);
  });

  test("an empty list that the operator dropped when it wrote the spec back is not sent again", () => {
    expect(holds(config(), { topologySpreadConstraints: [] })).toBe(true);
    expect(holds(config({ topologySpreadConstraints: looseSpread }), { topologySpreadConstraints: [] })).toBe(
      false,
    );
  });
});

test("a claim without a name is the operator's default one, for whoever asks", () => {
  expect(claimOf({ pvc: {} })).toBe(defaultClaim);
  expect(claimOf({ pvc: { claim: "" } })).toBe(defaultClaim);
  expect(claimOf({ pvc: { claim: "mine" } })).toBe("mine");
  expect(claimOf({ swift: { container: "c" } })).toBeUndefined();
  expect(storageKind({ managementState: "Managed", pvc: {} })).toEqual({
    kind: "volume",
    claim: defaultClaim,
  });
});
