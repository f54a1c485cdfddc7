/** Whether a node has what a Pod's affinity requires of it, as the scheduler matches it. Pure. */
import type { RawNode } from "../api/objects";

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Term {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
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
    matchExpressions.every((each) => matches(each, labels[each.key])) &&
    matchFields.every((each) => matches(each, each.key === "metadata.name" ? name : undefined))
  );
}

function matches({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
