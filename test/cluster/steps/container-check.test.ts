import { withContainer } from "../../../cluster/cloud/container";
import { checkContainer, containerDrift } from "../../../cluster/steps/container-check";
import type { SwiftSide } from "../../../cluster/cloud/swift-side";
import { FakeRegistry } from "../support/fake-registry";
import { account, journalIn, sessionFor } from "../support/session";

const inputs = { token: "t1", stack: "o/p/dev", container: "c", infrastructureName: "infra" };

/** A container `c` in Swift; `undefined`: none. */
async function stage(found: { objects: number; properties: Record<string, string> } | undefined) {
  const registry = new FakeRegistry();
  const session = await sessionFor(registry);
  const set: Record<string, string>[] = [];
  const swift = {
    account,
    head: async (name: string) =>
      found === undefined ? undefined : { name, exists: true, bytes: found.objects, ...found },
    setProperties: async (_name: string, properties: Record<string, string>) => {
      set.push(properties);
      for (const [key, value] of Object.entries(properties)) found!.properties[key.toLowerCase()] = value;
    },
  } as unknown as SwiftSide;
  return { registry, set, session: { ...session, withSwift: async (use) => use(swift) } as typeof session };
}

test("a new container gets its properties, and the journal knows it", async () => {
  const { registry, session, set } = await stage({ objects: 0, properties: { openshiftclusterid: "infra" } });
  expect(await checkContainer(inputs, session)).toEqual({ account });
  expect(set).toEqual([{ Name: "c" }]);
  expect((await journalIn(registry)).container).toEqual({ name: "c", account });
  await checkContainer(inputs, session);
  expect(set).toHaveLength(1);
  expect((await journalIn(registry)).container).toEqual({ name: "c", account });
});

test("one that was deleted and made again is marked anew, and counted", async () => {
  const found = { objects: 0, properties: {} };
  const { registry, session, set } = await stage(found);
  await checkContainer(inputs, session);
  found.properties = {};
  await checkContainer(inputs, session);
  expect(set).toHaveLength(2);
  expect((await journalIn(registry)).container).toEqual({ name: "c", account, remade: 1 });
});

test("one that is not there is an error with both ways on", async () => {
  const { session } = await stage(undefined);
  await expect(checkContainer(inputs, session)).rejects.toThrow(/--refresh .*openstack:\*/);
});

describe("invariant 9: with the journal deleted, what the Pulumi state names is not adopted unseen", () => {
  const filled = { objects: 7, properties: { name: "c", openshiftclusterid: "infra" } };

  test("refused, with the way to adopt it, and nothing is recorded", async () => {
    const { registry, session } = await stage(filled);
    await expect(checkContainer(inputs, session)).rejects.toThrow(/holds 7 objects.*config set container c/);
    expect((await journalIn(registry)).container).toBeUndefined();
  });

  test("named in the config or known to the journal it is ours; an empty one always", async () => {
    const named = await stage(filled);
    expect(await checkContainer({ ...inputs, named: true }, named.session)).toEqual({ account });
    const known = await stage(filled);
    await known.session.journal.update((each) =>
      withContainer(each, "c", account, { exists: true, ...filled }),
    );
    expect(await checkContainer(inputs, known.session)).toEqual({ account });
    const empty = await stage({ ...filled, objects: 0 });
    expect(await checkContainer(inputs, empty.session)).toEqual({ account });
  });
});

test("what differs from what was left is told: properties, a container that is gone, a journal that forgot it", () => {
  const head = { name: "c", exists: true, objects: 7, bytes: 7, properties: {} };
  const marked = { ...head, properties: { name: "c", openshiftclusterid: "infra" } };
  const fresh = { version: 1, phase: "proven", phaseSince: "now" } as const;
  const journal = { ...fresh, container: { name: "c", account } };
  expect(containerDrift(inputs, journal, marked)).toEqual([]);
  expect(containerDrift(inputs, journal, head)).toEqual(["Openshiftclusterid", "Name"]);
  expect(containerDrift(inputs, journal, undefined)).toEqual(["container"]);
  expect(containerDrift(inputs, fresh, marked)).toEqual(["journal"]);
  expect(containerDrift(inputs, undefined, marked)).toEqual(["journal"]);
});
