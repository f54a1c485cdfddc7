/** Figures of the way, kept as they are measured and printed at the end. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: "s" | "objects" | "bytes" | "requests" | "times";
  readonly note?: string;
}

export class Figures {
  readonly all: Figure[] = [];

  add(name: string, value: number, unit: Figure["unit"], note?: string): void {
    this.all.push({ name, value, unit, ...(note === undefined ? {} : { note }) });
  }

  print(write: (line: string) => void = console.log): void {
    if (this.all.length === 0) return;
    const width = Math.max(...this.all.map((f) => f.name.length));
    write("Figures:");
    for (const f of this.all)
      write(
        `  ${f.name.padEnd(width)}  ${format(f).padStart(14)}${f.note === undefined ? "" : `  (${f.note})`}`,
      );
  }
}

function format({ value, unit }: Figure): string {
  return unit === "s" ? `${value.toFixed(1)} s` : `${value.toLocaleString("en-US")} ${unit}`;
}
