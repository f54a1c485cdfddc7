/** When nothing was served, as far as it was looked at. Pure but for the times that are handed in. */
import type { Away } from "../journal/journal";
import { serves } from "./evidence";
import type { RegistrySnapshot } from "./registry";

/** A registry whose Pods come and go does so a few times. */
const keptAtMost = 5;

export class AwayWatch {
  private readonly ended: Away[] = [];
  private since: string | undefined;

  /** `now`: ISO 8601. */
  see(seen: Pick<RegistrySnapshot, "pods">, now: string): void {
    if (!serves(seen)) {
      this.since ??= now;
    } else if (this.since !== undefined) {
      this.ended.push({ from: this.since, to: now });
      this.since = undefined;
    }
  }

  /** The first of them; one that had not ended has no end. Undefined: something was served all the time. */
  result(): readonly Away[] | undefined {
    const all = [...this.ended, ...(this.since === undefined ? [] : [{ from: this.since }])];
    return all.length === 0 ? undefined : all.slice(0, keptAtMost);
  }
}
