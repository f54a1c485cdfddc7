/**
 * What `pulumi up` writes, as a person reads it on a terminal. There a resource has one row, which changes; here a
 * line for its result. What the program said live is not repeated under Diagnostics, and of an output that
 * changed the new value is shown. Of outputs with several lines, which are for scripts and for Pulumi's console, the
 * command that prints them is shown. Of the preview that comes before an update only what it says is shown, and not its
 * list of resources, which the update's repeats. Nothing else is left out.
 */
export class Terminal {
  private readonly said = new Set<string>();
  /** Headings wait until something follows them. */
  private headings: string[] = [];
  private inDiagnostics = false;
  private inOutput = false;
  private inPreview = false;
  private blank = true;

  constructor(private readonly write: (line: string) => void) {}

  /** One whole line of the CLI. */
  line(text: string): void {
    for (const line of this.kept(text.trimEnd())) {
      if (line === "" && this.blank) continue;
      this.blank = line === "";
      this.write(line);
    }
  }

  /** The command has ended. */
  end(): void {
    this.said.clear();
    this.headings = [];
    this.inDiagnostics = false;
    this.inOutput = false;
    this.inPreview = false;
    this.blank = true;
  }

  private kept(line: string): readonly string[] {
    const begins = /^(Previewing|Updating) /.exec(line);
    if (begins !== null) {
      this.inDiagnostics = false;
      this.inPreview = begins[1] === "Previewing";
      return [line];
    }
    const row = /^ [-+~ ]{2} (\S+:\S+) (\S+)(.*)$/.exec(line);
    // The stack's row carries what the program says.
    if (row?.[1] === "pulumi:pulumi:Stack") return this.live(row[3]!);
    if (row !== null) return this.inPreview ? [] : rowShown(line, row[3]!);
    if (line === "Diagnostics:") {
      this.inDiagnostics = true;
      this.headings = [line];
      return [];
    }
    if (this.inDiagnostics && /^\S/.test(line)) this.inDiagnostics = false;
    if (this.inDiagnostics) return this.diagnostic(line);
    if (this.inPreview) return line === "" ? [line] : [];
    const output = outputShown(line);
    if (output !== undefined) {
      this.inOutput = true;
      return [output];
    }
    if (this.inOutput && /^ {6}|^ {4}\}$/.test(line)) return [];
    this.inOutput = false;
    const changed = /^ {2}~ (\w+ *): .* => (".*")$/.exec(line);
    return [changed === null ? line : `    ${changed[1]}: ${changed[2]}`];
  }

  /** Of an error only the first line is there; all of it comes under Diagnostics. The rest of the row counts messages. */
  private live(state: string): readonly string[] {
    const text = /^ (?:running|creating|updating|refreshing|deleting)(?: \(\d+s\))? (\S.*)$/.exec(state)?.[1];
    if (text === undefined || /^(\(\d+s\)$|error:|warning:|\d+ (message|error|warning)s?\b)/.test(text))
      return [];
    this.said.add(text);
    return [text];
  }

  /** Under Diagnostics each resource is a heading, and what it said is indented below it. */
  private diagnostic(line: string): readonly string[] {
    if (/^ {2}\S.*:$/.test(line)) {
      this.headings = [...this.headings.filter((heading) => heading === "Diagnostics:"), line];
      return [];
    }
    if (line === "" || this.said.has(line.trim())) return [];
    const shown = [...this.headings, line];
    this.headings = [];
    return shown;
  }
}

/** The first line of an output with several. */
function outputShown(line: string): string | undefined {
  const [, output] = /^ {2}[ ~+] (\w+) *:(?: \{)?$/.exec(line) ?? [];
  return output === undefined
    ? undefined
    : `    ${output.padEnd(9)}: (npx pulumi stack output ${output}${line.endsWith("{") ? " --json" : ""})`;
}

/** A resource's row: only once it has come to its end, and of a replacement the new one only. */
function rowShown(line: string, state: string): readonly string[] {
  if (/^ (creating|updating|deleting|replacing|reading|refreshing)\b/.test(state)) return [];
  if (/^ (deleted original|replaced)\b/.test(state)) return [];
  return [line.replace(/;$/, "")];
}
