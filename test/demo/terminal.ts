/**
 * What `pulumi up` writes, as a person would read it on a terminal: there a resource has one row that changes, and what
 * the program said is repeated under Diagnostics. Here each thing is said once. Nothing else is left out.
 */
export class Terminal {
  private readonly said = new Set<string>();
  /** Headings wait until something follows them. */
  private heading: string[] = [];
  private inDiagnostics = false;

  constructor(private readonly write: (line: string) => void) {}

  /** One whole line of the CLI. */
  line(text: string): void {
    for (const line of this.kept(text)) this.write(line);
  }

  /** The command has ended. */
  end(): void {
    this.said.clear();
    this.heading = [];
    this.inDiagnostics = false;
  }

  private kept(text: string): readonly string[] {
    const line = text.trimEnd();
    // A resource on its way: its last line says the same, and how long it took.
    if (
      /^ [-+~ <>]{1,3} .*\b(creating|updating|deleting|replacing|reading|refreshing)( \(\d+s\))?$/.test(line)
    )
      return [];
    if (/^ {4}pulumi:pulumi:Stack \S+ running\s*$/.test(line)) return [];
    // What the program says, live: the row of the stack, without its own name in each line.
    const live =
      /^ [ +~]{2,3} pulumi:pulumi:Stack \S+ (?:running|creating|updating) (?:\(\d+s\) )?(\S.*)$/.exec(
        line,
      )?.[1];
    if (live !== undefined) {
      this.said.add(live);
      return [live];
    }
    if (line === "Diagnostics:") {
      this.inDiagnostics = true;
      this.heading = [line];
      return [];
    }
    if (!this.inDiagnostics) return [line];
    if (/^\S/.test(line)) {
      this.inDiagnostics = false;
      this.heading = [];
      return [line];
    }
    // Under Diagnostics: each resource has a heading, and what it said is indented below.
    if (/^ {2}\S.*:$/.test(line)) {
      this.heading = [...this.heading.filter((one) => one === "Diagnostics:"), line];
      return [];
    }
    if (line === "" || this.said.has(line.trim())) return [];
    const all = [...this.heading, line];
    this.heading = [];
    return all;
  }
}
