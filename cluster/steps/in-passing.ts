/**
 * Lines that matter only until the next one. What a step prints is shown while it runs and once more under
 * Diagnostics, when the run has ended; a copy of hours would fill pages there. The engine takes such lines another
 * way, that of `pulumi.log` with `ephemeral`, which a dynamic provider must set up itself.
 */
import type { Reader } from "../api/cadence";

/** The engine's address, as the host was started with it; `undefined` in any other process (npm run step, tests). */
export function engineOf([, script = "", address = ""]: readonly string[]): string | undefined {
  return script.includes("dynamic-provider") && /^\S+:\d+$/.test(address) ? address : undefined;
}

/** In a log the step's name comes first; on a terminal, whose last column may have 18 characters, the news does. */
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
    // The SDK's types do not have it: if it disappears one day, the lines are printed.
    const { getStore } = state as unknown as { readonly getStore: () => Store };
    getStore().settings.options.engineAddr = address;
    await log.info(line, undefined, undefined, true);
  } catch {
    console.log(line);
  }
}
