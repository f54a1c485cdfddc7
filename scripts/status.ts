/** Prints where a migration is, from the cluster alone: no Pulumi state, no passphrase. Changes nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import { statusOf } from "../plan/status";
import { command, runAsCommand } from "./command";
import { lookAt, looking, optionsInWords } from "./observed";

const usage = `npm run status [-- options]
  --watch             look again every few seconds, until the migration has ended; with the whole line of progress
  --json              what was read, as JSON
${optionsInWords}
Exit code: 0 no migration, or one that has ended; 1 the cluster cannot be read; 2 the call is wrong;
3 under way, the registry takes pushes; 4 under way, the registry is read-only;
5 as 3, and a live copy runs: until it has ended, there is nothing for up to do.`;

/** Seconds between two looks: in a terminal, where the second takes the place of the first; and in a log. */
const again = { terminal: 2, log: 30 } as const;
/** To the upper left corner, and erase all that is there. */
const clear = "\u001B[H\u001B[J";

export const statusCommand = command(
  usage,
  looking({ watch: { type: "boolean" } }),
  async ({ values }, print) => {
    const terminal = process.stdout.isTTY;
    for (;;) {
      const seen = await lookAt(values);
      const { lines, code } = statusOf(seen);
      if (values.json === true) {
        print(JSON.stringify(seen.reachable ? (seen.journal ?? null) : null, undefined, 2));
        return code;
      }
      print((values.watch === true && terminal ? clear : "") + lines.join("\n"));
      if (values.watch !== true || code === 0) return code;
      await sleep(again[terminal ? "terminal" : "log"] * 1000);
    }
  },
);

if (require.main === module) void runAsCommand(statusCommand);
