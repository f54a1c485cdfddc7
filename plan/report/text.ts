/** How the report writes text, times and tables. Pure. */

/** Escapes text that comes from the cluster. */
export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** `2026-11-27 09:05:20 UTC` of an ISO 8601 time; other text stays as it is. */
export function moment(iso: string): string {
  return iso.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, "$1 $2 UTC");
}

export function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

/** Lines `what: value`. */
export function list(lines: readonly string[]): string {
  const rows = lines.map((line) => {
    const colon = line.indexOf(": ");
    return `<dt>${escaped(line.slice(0, colon))}</dt><dd>${escaped(line.slice(colon + 2))}</dd>`;
  });
  return `<dl>${rows.join("")}</dl>`;
}

/**
 * A table. `printed`: how many of its rows, the last ones, go on paper; how many are left out is said there. Absent: all.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  printed = rows.length,
): string {
  const hidden = Math.max(0, rows.length - printed);
  const cells = (tag: string, row: readonly string[], kind = "") =>
    `<tr${kind}>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((row, n) => cells("td", row, n < hidden ? ' class="more"' : ""));
  const left = hidden === 0 ? "" : `<p class="paper">${hidden} earlier ones are on the screen only.</p>`;
  return `<table><thead>${cells("th", head)}</thead><tbody>${body.join("")}</tbody></table>${left}`;
}
