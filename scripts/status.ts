/** Prints where a migration is, from the cluster alone: no Pulumi state, no passphrase. Changes nothing. */
import { statusOf } from "../plan/status";
import { command, runAsCommand } from "./command";
import { lookAt, looking, optionsInWords } from "./observed";

const usage = `npm run status [-- options]
  --json              what was read, as JSON
${optionsInWords}
Exit code: 0 no migration, or one that has ended; 1 the cluster cannot be read; 2 the call is wrong;
3 under way, the registry takes pushes; 4 under way, the registry is read-only;
5 as 3, and a live copy runs: until it has ended, there is nothing for up to do.`;

export const statusCommand = command(usage, looking({}), async ({ values }, print) => {
  const seen = await lookAt(values);
  const { lines, code } = statusOf(seen);
  print(
    values.json === true
      ? JSON.stringify(seen.reachable ? (seen.journal ?? null) : null, undefined, 2)
      : lines.join("\n"),
  );
  return code;
});

if (require.main === module) void runAsCommand(statusCommand);
