/** No two messages send a user in a circle: whatever state a cluster is in, whatever is wrong with it, the advice leads out. */
import type { Journal } from "../../cluster/journal/journal";
import type { ReachableObservation } from "../../cluster/observation";
import type { Settings } from "../../config/config";
import { expectAdviceLeadsOut } from "./advice";
import {
  aborted,
  proven,
  provenJournal,
  registryConfig,
  settings,
  switched,
  untouched,
} from "./observations";
import {
  broken,
  decide,
  planned,
  refused,
  withClaim,
  withConfig,
  withContainer,
  withoutKey,
} from "./support";

type Change = (seen: ReachableObservation) => ReachableObservation;

/** The run has ended: neither seal nor pruner are held. */
const ended = (journal: Journal | undefined): Journal =>
  withoutKey(withoutKey(journal ?? provenJournal, "seal"), "prunerPaused");
const released = { claim: "image-registry-storage", uid: "claim-1", at: "2026-02-02" };
const byHand = {
  ...switched,
  config: registryConfig,
  deployment: untouched.deployment!,
  journal: ended(switched.journal),
};

const states: Readonly<Record<string, ReachableObservation>> = {
  "nothing begun": untouched,
  copying: { ...untouched, journal: { ...ended(provenJournal), phase: "copying" } },
  "sealed and proven": proven,
  "sealed, not proven": { ...proven, journal: { ...withoutKey(provenJournal, "proof"), phase: "sealed" } },
  "switching, on Swift": {
    ...switched,
    journal: { ...provenJournal, phase: "switching", switchedAt: "2026" },
  },
  switched: { ...switched, journal: ended(switched.journal) },
  "on a volume again by hand": byHand,
  "the claim released": { ...switched, journal: { ...ended(switched.journal), released } },
  "the claim released, then on a volume by hand": { ...byHand, journal: { ...byHand.journal, released } },
  "going back, on the volume": { ...aborted, journal: { ...switched.journal!, phase: "aborting" } },
  aborted: { ...aborted, journal: ended(aborted.journal) },
  "aborted, the pruner still paused": { ...aborted, journal: withoutKey(aborted.journal!, "seal") },
  "on Swift, the journal lost": withoutKey(switched, "journal"),
};

const changes: Readonly<Record<string, Change>> = {
  "as it is": (seen) => seen,
  "another claim of that name": (seen) => withClaim(seen, { uid: "claim-2" }),
  "no claim": (seen) => withoutKey(seen, "claim"),
  "a claim being deleted": (seen) => withClaim(seen, { terminating: true }),
  "a claim for one Pod": (seen) => withClaim(seen, { accessModes: ["ReadWriteOncePod"] }),
  "no container": (seen) => withContainer(seen, { exists: false, objects: 0, bytes: 0 }),
  "a container that changed": (seen) => withContainer(seen, { objects: 7 }),
  "no Swift": (seen) => broken("unreachable", seen),
  "another account": (seen) => ({
    ...seen,
    cloud: { ok: true, account: "https://swift.example/v1/AUTH_2", source: "s" },
  }),
  "no replica": (seen) => withConfig(seen, { replicas: 0 }),
  "on another container": (seen) => withConfig(seen, { storage: { swift: { container: "elsewhere" } } }),
  "opened by hand": (seen) => withConfig(seen, { readOnly: false }),
};

const wanted: readonly Settings[] = [
  settings("migrate"),
  settings("migrate", { readOnly: "false" }),
  settings("switch"),
  settings("switch", { releaseVolumeClaim: "true" }),
  settings("abort"),
  settings("abort", { copyBack: "false" }),
];

describe.each(Object.entries(states))("%s", (_state, base) => {
  test.each(Object.entries(changes))("%s", (_change, change) => {
    const seen = change(base);
    for (const each of wanted) {
      for (const id of refused(decide(each, seen))) expectAdviceLeadsOut(id, each, seen);
    }
    expect(base).toBeDefined();
  });
});

test("a registry that was put on another claim by hand after a switch is opened by an abort, and can be migrated again", () => {
  const seen = withClaim(byHand, { uid: "claim-2" });
  expect(planned(decide(settings("abort"), seen)).kind).toBe("reopen");
  expect(planned(decide(settings("migrate"), seen))).toMatchObject({ final: { claimUid: "claim-2" } });
});
