/** The block that a demo ends with: what it cost the registry's users, what was proven, and where to go on. Pure. */
import type { Probed } from "../e2e/support/prober";

interface Stretch {
  /** Seconds in which no Pod took pushes. */
  readonly readOnly: number;
  /** What came of asking the registry for a manifest ten times a second. */
  readonly probed: Probed;
}

export interface Told {
  /** From migrate to the end of switch. */
  readonly there: Stretch;
  /** The abort after it. */
  readonly back: Stretch;
  readonly proven?: { readonly objects: number; readonly bytes: number };
  /** Images that were pulled from Swift, and then from the volume. */
  readonly pulled: readonly [number, number];
}

/** @param seconds that all of the demo took */
export function closingBlock(told: Told, kubeconfig: string, seconds: number): string[] {
  const { there, back, proven, pulled } = told;
  const rows: [string, string, string][] = [
    ["", "to Swift", "and back"],
    ["read-only", inSeconds(there.readOnly), inSeconds(back.readOnly)],
    ["without an answer", inSeconds(there.probed.away), inSeconds(back.probed.away)],
    ["failed requests", failed(there.probed), failed(back.probed)],
    ["images pulled afterwards", String(pulled[0]), String(pulled[1])],
  ];
  return [
    `The whole way took place${seconds < 120 ? "" : `, ${Math.round(seconds / 60)} minutes in all`}. What it cost the registry's users:`,
    ...rows.map(([name, to, from]) => `  ${name.padEnd(26)}${to.padStart(18)}${from.padStart(18)}`.trimEnd()),
    ...(proven === undefined
      ? []
      : [
          `  proven equal on both sides before the switch: ${proven.objects.toLocaleString("en-US")} objects, ${proven.bytes.toLocaleString("en-US")} bytes`,
        ]),
    "The lab stays up. To look around, to go the way yourself, to remove it:",
    `  export KUBECONFIG=${kubeconfig}; npm run lab -- status`,
    "  README.md, Using it: the same commands, on this cluster (stack dev has its config) or on yours",
    "  npm run lab -- down --wipe",
  ];
}

function inSeconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function failed({ failures, requests }: Probed): string {
  return `${failures} of ${requests.toLocaleString("en-US")}`;
}
