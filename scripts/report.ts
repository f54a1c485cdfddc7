/** Writes the report of a migration into a file: from the cluster alone, also while one is under way. Changes nothing. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { reportData } from "../plan/report/data";
import { reportHtml } from "../plan/report/html";
import { statusOf } from "../plan/status";
import { command, runAsCommand } from "./command";
import { lookAt, looking, optionsInWords } from "./observed";

const usage = `npm run report [-- options]
  --out FILE          where the page goes (default migration-report.html); one file, which needs no network
  --watch             write it again every 15 seconds until the migration has ended; an open page reloads itself
  --json              print the same as data instead
${optionsInWords}
Exit code: 0 written; 1 the cluster cannot be read; 2 the call is wrong.`;

const line = looking({
  out: { type: "string", default: "migration-report.html" },
  watch: { type: "boolean" },
});

const againSeconds = 15;

export const reportCommand = command(usage, line, async ({ values }, print) => {
  for (;;) {
    const seen = await lookAt(values);
    const goesOn = values.watch === true && statusOf(seen).code !== 0;
    if (!seen.reachable) {
      print(`cluster: ${seen.server} cannot be read: ${seen.message}`);
      if (!goesOn) return 1;
    } else {
      const data = reportData(seen, new Date().toISOString());
      if (values.json === true) {
        print(JSON.stringify(data, undefined, 2));
        return 0;
      }
      writeFileSync(values.out, reportHtml(data, goesOn ? againSeconds : undefined));
      print(`written: ${values.out}, as of ${data.madeAt}`);
      if (!goesOn) return 0;
    }
    await sleep(againSeconds * 1000);
  }
});

if (require.main === module) void runAsCommand(reportCommand);
