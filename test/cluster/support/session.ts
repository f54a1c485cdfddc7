/** A session over a fake registry: the run is taken, lines are kept, Swift is what the test says. */
import type { ResolvedCloud } from "../../../cluster/cloud/cloud";
import { resolveCloud } from "../../../cluster/cloud/cloud";
import { journalOf, readJournal, takeRun } from "../../../cluster/journal/store";
import type { Session } from "../../../cluster/session";
import type { Proof, Witness } from "../../../cluster/journal/journal";
import type { RegistryPatchInputs } from "../../../cluster/steps/kinds";
import type { SwiftSide } from "../../../cluster/cloud/swift-side";
import { paths } from "../../../cluster/api/paths";
import type { FakeRegistry } from "./fake-registry";

export const account = "https://swift.example/v1/AUTH_p";

export interface TestSession extends Session {
  readonly lines: string[];
  /** What HEAD on the container says. */
  head: { objects: number; bytes: number } | undefined;
  /** What a listing of it has of the registry. */
  listed: { objects: number; bytes: number };
}

export async function sessionFor(registry: FakeRegistry, token = "t1"): Promise<TestSession> {
  const { api } = registry;
  const has = api.objects.has(paths.journal);
  await takeRun(api, { token, stack: "o/p/dev", host: "h", since: "2026-01-01T00:00:00Z" });
  if (!has) {
    // Nothing of the making is a write of the step under test.
    api.writes.length = 0;
  }
  const lines: string[] = [];
  const session: TestSession = {
    kube: undefined as never,
    api,
    journal: journalOf(api, token),
    log: (line) => lines.push(line),
    pace: 1,
    lines,
    head: { objects: 10, bytes: 100 },
    listed: { objects: 0, bytes: 0 },
    cloud: async () => {
      const cloud = resolveCloud({
        cloudName: "openstack",
        installerSecret: {
          "clouds.yaml":
            "clouds: {openstack: {auth: {auth_url: 'https://k', username: u, password: p, project_name: p, user_domain_name: d}}}",
        },
      });
      return cloud as ResolvedCloud;
    },
    withSwift: (use) =>
      use({
        account,
        listed: async () => session.listed,
        head: async (name: string) =>
          session.head === undefined ? undefined : { name, exists: true, properties: {}, ...session.head },
      } as unknown as SwiftSide),
  };
  return session;
}

export async function journalIn(registry: FakeRegistry) {
  const journal = await readJournal(registry.api);
  if (journal === undefined) {
    throw new Error("there is no journal");
  }
  return journal;
}

/** Inputs of a `registry-patch`: a migrate's seal, but for the changes. */
export const patchInputs = (changes: Partial<RegistryPatchInputs> = {}): RegistryPatchInputs => ({
  token: "t1",
  stack: "o/p/dev",
  purpose: "seal",
  state: "migrate",
  timeoutSeconds: 20,
  ...changes,
});

/** The proof of a final copy into container `c`, which holds what `sessionFor` says by itself. */
export const proofOf = (witness: Witness | undefined): Proof => ({
  claimUid: "claim-1",
  container: "c",
  account,
  witness: witness ?? { deploymentUid: "", revision: 0 },
  objects: 10,
  bytes: 100,
  digest: "d",
  containerObjects: 10,
  containerBytes: 100,
  at: "2026-01-01T00:00:00Z",
});
