/** What a user would have seen of each command of the CLI: a file each, to be read after a run. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class Transcripts {
  private begun = 0;

  /** `now`: milliseconds. */
  constructor(
    private readonly folder: string,
    private readonly now: () => number = Date.now,
  ) {
    mkdirSync(folder, { recursive: true });
  }

  /** Begins the file of a command, named in the order of the beginnings; the answer takes its lines. */
  begin(stack: string, words: readonly string[]): (line: string) => void {
    const command = words.filter((word) => !word.startsWith("-"));
    const number = String(++this.begun).padStart(2, "0");
    const file = join(
      this.folder,
      `${number}-${[stack, ...command].join("-").replaceAll(/[^\w-]+/g, "_")}.txt`,
    );
    const began = this.now();
    writeFileSync(file, `$ pulumi ${words.join(" ")} --stack ${stack}\n`);
    return (line) => {
      const seconds = ((this.now() - began) / 1000).toFixed(1).padStart(6);
      appendFileSync(file, line === "" ? "\n" : `${seconds}  ${line}\n`);
    };
  }
}
