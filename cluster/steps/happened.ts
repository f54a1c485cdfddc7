/** A step that ended, as the journal's history keeps it. */
import type { Report } from "../../migrator/contract";
import { failureInShort, withEntries } from "../journal/history";
import type { Happening, StepDone } from "../journal/journal";
import type { JournalOfRun } from "../journal/store";
import type { CopiedOutputs, RegistryPatchOutputs, StepKind } from "./kinds";
import { stepName } from "./kinds";
import { defined } from "../../swift/defined";

type Values = Readonly<Record<string, unknown>>;

/** Steps that users notice. */
const told: ReadonlySet<StepKind> = new Set([
  "registry-patch",
  "copied",
  "rehearsal",
  "pull-check",
  "claim-release",
]);

/** The entry of a step; `undefined`: it did nothing worth one. `outputs` is the error of a step that failed. */
export function happened(
  kind: StepKind,
  inputs: Values,
  outputs: object | Error,
  { at, seconds }: Pick<Happening & StepDone, "at" | "seconds">,
): Happening | undefined {
  if (!told.has(kind)) {
    return undefined;
  }
  const entry = { at, step: stepName(kind, inputs), seconds: Math.round(seconds * 10) / 10 };
  if (outputs instanceof Error) {
    return { ...entry, failed: failureInShort(outputs) };
  }
  switch (kind) {
    case "registry-patch": {
      const { pushes, away, sealedBy, seconds: rollout } = outputs as RegistryPatchOutputs;
      const idle = rollout < 1 && pushes === undefined;
      return idle ? undefined : { ...entry, ...defined({ pushes, away, by: sealedBy }) };
    }
    case "copied": {
      const { report } = outputs as CopiedOutputs;
      // Nobody waited for it.
      return report === "" ? undefined : { ...entry, copy: copyOf(JSON.parse(report) as Report) };
    }
    default:
      return { ...entry, ...pulledBy(outputs) };
  }
}

function copyOf({ copied, skipped, retries, startedAt, finishedAt }: Report): NonNullable<StepDone["copy"]> {
  return {
    objects: copied.objects,
    bytes: copied.bytes,
    thereObjects: skipped.objects,
    thereBytes: skipped.bytes,
    retries,
    seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
  };
}

function pulledBy(outputs: object): Pick<StepDone, "pulled"> {
  const { manifests, pulled } = outputs as { readonly manifests?: number; readonly pulled?: number };
  const images = manifests ?? pulled;
  return images === undefined ? {} : { pulled: images };
}

/** Never fails a step: the history decides nothing. */
export async function remember(journal: JournalOfRun, entry: Happening | undefined): Promise<void> {
  if (entry !== undefined) {
    await journal.update((each) => withEntries(each, [entry])).catch(() => undefined);
  }
}
