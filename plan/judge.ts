/** Collects the refusals and warnings of all guards. */
import type { Refusal, Warning } from "./types";

export class Judge {
  readonly refusals: Refusal[] = [];
  readonly warnings: Warning[] = [];

  refuse(id: string, wrong: string, accepted: string, next: string): void {
    this.refusals.push({ id, wrong, accepted, next });
  }

  warn(id: string, message: string): void {
    this.warnings.push({ id, message });
  }
}

/** All refusals as one text: a line with their count, then a paragraph for each. */
export function showRefusals(refusals: readonly Refusal[], state: string): string {
  const count = refusals.length === 1 ? "" : ` (${refusals.length} reasons)`;
  const lines = refusals.map((each) =>
    [`[${each.id}] ${each.wrong}`, `    accepted: ${each.accepted}`, `    next: ${each.next}`].join("\n"),
  );
  return [`Refused: state ${state} cannot be entered from here${count}. Nothing was changed.`, ...lines].join(
    "\n",
  );
}

export { showBytes } from "../swift/figures";

export function isTrue(
  conditions:
    readonly { readonly type: string; readonly status: string; readonly message?: string }[] | undefined,
  type: string,
): { readonly message: string } | undefined {
  const found = conditions?.find((each) => each.type === type && each.status === "True");
  return found === undefined ? undefined : { message: (found.message ?? "").replace(/\s+/g, " ").trim() };
}
