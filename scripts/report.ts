/** Writes the report of a migration into a file: from the cluster alone, also while one is under way. Changes nothing. */
import { writeFileSync } from "node:fs";
import { reportData } from "../plan/report/data";
import { reportHtml } from "../plan/report/html";
import { command, runAsCommand } from "./command";
import { lookAt, looking, optionsInWords } from "./observed";

const usage = `npm run report [-- options]
  --out FILE          where the page goes (default migration-report.html); one file, which needs no network
  --json              print the same as data instead
${optionsInWords}
Exit code: 0 written; 1 the cluster cannot be read; 2 the call is wrong.`;

const line = looking({ out: { type: "string", default: "migration-report.html" } });

export const reportCommand = command(usage, line, async ({ values }, print) => {
  const seen = await lookAt(values);
  if (!seen.reachable) {
    print(`cluster: ${seen.server} cannot be read: ${seen.message}`);
    return 1;
  }
  const data = reportData(seen, new Date().toISOString());
  if (values.json === true) {
    print(JSON.stringify(data, undefined, 2));
    return 0;
  }
  writeFileSync(values.out, reportHtml(data));
  print(`written: ${values.out}`);
  return 0;
});

if (require.main === module) void runAsCommand(reportCommand);
