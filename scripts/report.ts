/** Writes the report of a migration into a file: from the cluster alone, also while one is under way. Changes nothing. */
import { writeFileSync } from "node:fs";
import { reportData } from "../plan/report/data";
import { reportHtml } from "../plan/report/html";
import { runAsCommand } from "./command";
import { lookAt, optionsInWords } from "./observed";

const usage = `npm run report [-- options]
  --out FILE          where the page goes (default migration-report.html); one file, which needs no network
  --json              print the same as data instead
${optionsInWords}
Exit code: 0 written; 1 the cluster cannot be read; 2 the call is wrong.`;

/** The command: prints to `print`, answers the exit code. */
export async function reportCommand(
  args: readonly string[],
  print: (text: string) => void = console.log,
): Promise<number> {
  const looked = await lookAt(args, usage, { out: { type: "string", default: "migration-report.html" } });
  if ("told" in looked) {
    print(looked.told);
    return looked.code;
  }
  const { seen, values } = looked;
  if (!seen.reachable) {
    print(`cluster: ${seen.server} cannot be read: ${seen.message}`);
    return 1;
  }
  const data = reportData(seen, new Date().toISOString());
  if (values["json"] === true) {
    print(JSON.stringify(data, undefined, 2));
    return 0;
  }
  const file = String(values["out"]);
  writeFileSync(file, reportHtml(data));
  print(`written: ${file}`);
  return 0;
}

if (require.main === module) void runAsCommand(reportCommand);
