/** Whether a node has what a Pod's affinity requires of it, as the scheduler matches it. Pure. */
import type { RawNode } from "../api/objects";
import { meets, type Requirement } from "../api/requirement";

type OfKey = Requirement & { readonly key: string };

interface Term {
  readonly matchExpressions?: readonly OfKey[];
  readonly matchFields?: readonly OfKey[];
}

/** `affinity`: a Pod's, of which only the required node affinity counts; what is absent requires nothing. */
export function isRequired(affinity: Readonly<Record<string, unknown>> | undefined, node: RawNode): boolean {
  const required = (
    affinity?.["nodeAffinity"] as
      { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: readonly Term[] } } | undefined
  )?.requiredDuringSchedulingIgnoredDuringExecution;
  // One term is enough, and all of its parts count.
  return (
    required === undefined || (required.nodeSelectorTerms ?? []).some((term) => isMet(term, node.metadata))
  );
}

function isMet(
  { matchExpressions = [], matchFields = [] }: Term,
  { labels = {}, name }: RawNode["metadata"],
): boolean {
  // A term without any part matches no node.
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => meets(labels[each.key], each)) &&
    matchFields.every((each) => meets(each.key === "metadata.name" ? name : undefined, each))
  );
}
