/**
 * What a LimitRange says of a Pod that it refuses, and amounts that it would take. Its words are Kubernetes' own
 * (plugin/pkg/admission/limitranger). Pure.
 */

export function isLimitRange(refused: string): boolean {
  return [usage, ratio, filledIn].some((each) => new RegExp(each).test(refused));
}

const resource = "(cpu|memory|ephemeral-storage)";
const usage = `\\b(minimum|maximum) ${resource} usage per (?:Container|Pod) is (\\d+(?:\\.\\d+)?[A-Za-z]*)`;
const ratio = `\\b${resource} max limit to request ratio per `;
/** It filled in a limit, and the Pod requests more. */
const filledIn = `\\bless than or equal to ${resource} limit(?: of (\\d+(?:\\.\\d+)?[A-Za-z]*))?`;

/** As keys below `resources` with their values: `requests.memory 512Mi`. The part that is not named is fitted to it. */
export function amountsThatFit(refused: string): readonly string[] {
  const bounds = [...refused.matchAll(new RegExp(usage, "g"))].map(
    ([, bound, name, amount]) => `${bound === "minimum" ? "requests" : "limits"}.${name} ${amount}`,
  );
  const alike = [...refused.matchAll(new RegExp(ratio, "g"))].flatMap(([, name]) =>
    ["requests", "limits"].map((part) => `${part}.${name} ${name === "cpu" ? "1" : "1Gi"}`),
  );
  const under = [...refused.matchAll(new RegExp(filledIn, "g"))].flatMap(([, name, limit]) =>
    limit === undefined ? [] : [`requests.${name} ${limit}`],
  );
  return [...new Set([...bounds, ...alike, ...under])];
}
