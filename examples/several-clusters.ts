/**
 * Several clusters from one list, a few at a time, one result each.
 *
 *     node -r ./scripts/typescript.js examples/several-clusters.ts LIST [AT-ONCE]
 *
 * LIST is a JSON file: `[{ "stack": "prod-1", "config": { "state": "migrate", "kubernetes:kubeconfig": "..." } }, ...]`.
 * Each cluster has a process of its own: what goes wrong with one, an exception too, is none of the others' business.
 * A cluster that fails stops nobody; exit code 1 says that one did.
 */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Result } from "./one-cluster";

interface Cluster {
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
}

/** Starts one-cluster.ts for a cluster; its lines are told with the stack's name before them. */
function moveApart({ stack, config }: Cluster, tell: (line: string) => void): Promise<Result> {
  const args = [stack, ...Object.entries(config).map(([key, value]) => `${key}=${value}`)];
  const child = fork(join(__dirname, "one-cluster.ts"), args, { silent: true });
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on("line", (line) => tell(`${stack}: ${line}`));
  let result: Result | undefined;
  child.on("message", (message) => {
    result = message as Result;
  });
  return new Promise((resolve) =>
    child.on("close", (code, signal) => {
      const why = `it ended with ${signal ?? `exit code ${code ?? "?"}`} and no result`;
      resolve(result ?? { stack, ok: false, seconds: 0, outputs: {}, errors: [why] });
    }),
  );
}

/** So many at a time, in the list's order. */
async function moveAll(
  clusters: readonly Cluster[],
  atOnce: number,
  tell: (line: string) => void,
): Promise<readonly Result[]> {
  const waiting = [...clusters];
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      results.push(await moveApart(next, tell));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function main([list, atOnce = "2"]: readonly string[]): Promise<void> {
  if (list === undefined || !/^[1-9]\d?$/.test(atOnce))
    throw new Error("usage: several-clusters.ts LIST [AT-ONCE], a JSON file and a number from 1 to 99");
  const clusters = JSON.parse(readFileSync(list, "utf8")) as readonly Cluster[];
  const results = await moveAll(clusters, Number(atOnce), console.log);
  for (const { stack, ok, seconds, outputs, errors } of results)
    console.log(
      `${ok ? "ok    " : "FAILED"} ${stack} (${seconds} s): ${String(ok ? outputs["registry"] : errors[0])}`,
    );
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
