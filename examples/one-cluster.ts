/**
 * The program driven from a script by Pulumi's Automation API: one cluster, one state, its progress as it comes.
 *
 *     node -r ./scripts/typescript.js examples/one-cluster.ts STACK KEY=VALUE ...
 *
 * KEY=VALUE are the stack's config (docs/configuration.md). Run in the project's folder, with `pulumi` on PATH.
 */
import { join } from "node:path";
import { type EngineEvent, LocalWorkspace } from "@pulumi/pulumi/automation";
import program = require("../index");

/** How one cluster's run ended. */
export interface Result {
  readonly stack: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** The stack's outputs, also after a failure: what the registry is like, and what comes next. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The engine's errors, a refusal's text among them; empty when `ok`. */
  readonly errors: readonly string[];
}

/** `pulumi up` of the program in index.ts. `tell` gets one line for each thing that is said. Does not throw. */
export async function move(
  stackName: string,
  config: Readonly<Record<string, string>>,
  tell: (line: string) => void,
): Promise<Result> {
  const began = Date.now();
  const errors: string[] = [];
  let outputs: Result["outputs"] = {};
  let ok = false;
  try {
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName, projectName: "image-registry-swift", program },
      // The steps load their code from the project's folder.
      { workDir: join(__dirname, "..") },
    );
    for (const [key, value] of Object.entries(config)) await stack.setConfig(key, { value });
    const hear = (event: EngineEvent): void => {
      const said = saidBy(event);
      if (said === undefined) return;
      if (said.severity === "error") {
        // An error comes once from the program and once from the engine.
        if (errors.includes(said.text)) return;
        errors.push(said.text);
      }
      tell(said.text);
    };
    ok = await stack.up({ onEvent: hear }).then(
      () => true,
      (error: unknown) => {
        // The engine's errors were heard as events; one that is no event stopped it before its first.
        if (errors.length === 0) errors.push(String(error));
        return false;
      },
    );
    outputs = Object.fromEntries(
      Object.entries(await stack.outputs()).map(([name, output]) => [
        name,
        output.secret ? "(secret)" : output.value,
      ]),
    );
  } catch (error) {
    errors.push(String(error));
  }
  return { stack: stackName, ok, seconds: Math.round((Date.now() - began) / 1000), outputs, errors };
}

const told: ReadonlySet<string> = new Set(["info", "info#err", "warning", "error"]);

/** What an event says to a person: a message, or a resource that was changed. */
function saidBy({ diagnosticEvent: message, resOutputsEvent: done }: EngineEvent) {
  if (message !== undefined) {
    // Colours come as tags: <{%fg 1%}>. What the engine says to itself is of severity "debug".
    const text = message.message.replaceAll(/<\{%.*?%\}>/g, "").trimEnd();
    return text !== "" && told.has(message.severity) ? { severity: message.severity, text } : undefined;
  }
  if (done === undefined || done.metadata.op === "same") return undefined;
  const name = done.metadata.urn.split("::").at(-1)!;
  return { severity: "info", text: `${done.metadata.op} ${name}` };
}

/** `KEY=VALUE` as config. */
function configFrom(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      if (at < 1) throw new Error(`${word} is not KEY=VALUE, for example state=migrate`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

async function main([stack, ...words]: readonly string[]): Promise<void> {
  if (stack === undefined) throw new Error("usage: one-cluster.ts STACK KEY=VALUE ...");
  const result = await move(stack, configFrom(words), console.log);
  process.exitCode = result.ok ? 0 : 1;
  // several-clusters.ts starts this file once for each cluster, and waits for this.
  if (process.send !== undefined) process.send(result);
  else console.log(JSON.stringify(result, undefined, 2));
}

if (require.main === module)
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
