/** The report as a file at the end of a run. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Observation } from "../cluster/observation";
import { reportData } from "../plan/report/data";
import { reportHtml } from "../plan/report/html";
import { messageOf } from "../swift/errors";

/** Beside the program; git ignores it. */
const folder = "reports";

/** Seconds that a run waits for it at most: a step that failed waits for the outputs, of which this is one. */
const patience = 8;

export interface ReportFile {
  readonly path: string;
  /** The path, once the file is written; `undefined` where it could not be. Never throws. */
  write(): Promise<string | undefined>;
}

/**
 * The report's file of a stack: `reports/<stack>.html` in the project's folder. `look` reads the cluster; `warn` hears
 * why nothing was written, which fails no run.
 */
export function reportFile(
  stack: string,
  look: () => Promise<Observation>,
  warn: (line: string) => unknown,
  project = process.cwd(),
): ReportFile {
  const path = join(project, folder, `${stack.slice(stack.lastIndexOf("/") + 1)}.html`);
  const failed = (why: string) => {
    void warn(
      `[report] the report was not written to ${path}: ${why}. The run is not affected; for the report: npm run report; ` +
        "to write none: pulumi config set report false",
    );
    return undefined;
  };
  return {
    path,
    async write() {
      let timer: NodeJS.Timeout | undefined;
      const outOfTime = new Promise<string>((resolve) => {
        timer = setTimeout(resolve, patience * 1000, `it was not done within ${patience} s`);
      });
      try {
        const why = await Promise.race([written(path, look), outOfTime]);
        return why === undefined ? path : failed(why);
      } catch (error) {
        return failed(messageOf(error));
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Why it is not written; `undefined`: it is. */
async function written(path: string, look: () => Promise<Observation>): Promise<string | undefined> {
  const seen = await look();
  if (!seen.reachable) return `the cluster cannot be read: ${seen.message}`;
  await mkdir(dirname(path), { recursive: true });
  // Whoever has the page open never sees half of it.
  await writeFile(`${path}.new`, reportHtml(reportData(seen, new Date().toISOString())));
  await rename(`${path}.new`, path);
  return undefined;
}
