/** Prints where a migration is, from the cluster alone: no Pulumi state, no passphrase. Changes nothing. */
import { statusOf } from "../plan/status";
import { runAsCommand } from "./command";
import { lookAt, optionsInWords } from "./observed";

const usage = `npm run status [-- options]
  --json              what was read, as JSON
${optionsInWords}
Exit code: 0 no migration, or one that has ended; 1 the cluster cannot be read; 2 the call is wrong;
3 under way, the registry takes pushes; 4 under way, the registry is read-only;
5 as 3, and a live copy runs: until it has ended, there is nothing for up to do.`;

/** The command: prints to `print`, answers the exit code. */
export async function statusCommand(
  args: readonly string[],
  print: (text: string) => void = console.log,
): Promise<number> {
  const looked = await lookAt(args, usage);
  if ("told" in looked) {
    print(looked.told);
    return looked.code;
  }
  const { seen, values } = looked;
  const { lines, code } = statusOf(seen);
  print(
    values["json"] === true
      ? JSON.stringify(seen.reachable ? (seen.journal ?? null) : null, undefined, 2)
      : lines.join("\n"),
  );
  return code;
}

if (require.main === module) void runAsCommand(statusCommand);
