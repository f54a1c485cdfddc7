/**
 * Lines that matter only until the next one. What a step prints is shown while it runs and once more under Diagnostics,
 * when the run has ended; a copy of hours would fill pages there. The engine takes such lines over another way, the one
 * of `pulumi.log` with `ephemeral`, which Pulumi's host of dynamic providers leaves to its guests to set up.
 */
import type { Reader } from "../api/cadence";

/** The engine's address, as the host was started with it; `undefined` in any other process (npm run step, tests). */
export function engineOf([, script = "", address = ""]: readonly string[]): string | undefined {
  return script.includes("dynamic-provider") && /^\S+:\d+$/.test(address) ? address : undefined;
}

/** The step's name comes first in a log; on a terminal, whose last column may have 12 characters, what is new does. */
export function inPassing(line: string, step: string, reader: Reader): string {
  return reader === "terminal" ? `${line} [${step}]` : `[${step}] ${line}`;
}

interface Store {
  readonly settings: { readonly options: { engineAddr?: string } };
}

export async function sayInPassing(line: string): Promise<void> {
  const address = engineOf(process.argv);
  if (address === undefined) {
    console.log(line);
    return;
  }
  try {
    const { log } = await import("@pulumi/pulumi");
    const { default: state } = await import("@pulumi/pulumi/runtime/state.js");
    // Not in its types: should it be gone one day, the lines are printed.
    const { getStore } = state as unknown as { readonly getStore: () => Store };
    getStore().settings.options.engineAddr = address;
    await log.info(line, undefined, undefined, true);
  } catch {
    console.log(line);
  }
}
