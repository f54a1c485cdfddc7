/** What a demo showed on the terminal, as text: each line after the seconds that had passed. */
export class Recording {
  private readonly lines: string[] = [];
  private readonly began: number;

  /** `now`: seconds. */
  constructor(private readonly now: () => number = () => performance.now() / 1000) {
    this.began = now();
  }

  /** One or more lines that were shown just now. */
  add(text: string): void {
    const seconds = (this.now() - this.began).toFixed(1).padStart(6);
    for (const line of text.split("\n")) this.lines.push(line === "" ? "" : `${seconds}  ${line}`);
  }

  text(): string {
    return `${this.lines.join("\n").replace(/^\n+/, "")}\n`;
  }
}
