/** Figures for people: bytes, counts and times. */

/** Bytes for people: powers of 1,024, three figures at most. `12345678` is `11.8 MiB`. */
export function showBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let scaled = bytes;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit] ?? ""}`;
}

const barCells = 20;

/** Percent as a bar of ASCII: `[########............]` at 40. */
export function bar(percent: number): string {
  const filled = Math.floor((Math.min(100, Math.max(0, percent)) * barCells) / 100);
  return `[${"#".repeat(filled)}${".".repeat(barCells - filled)}]`;
}

/** `12345` is `12,345`. */
export function showCount(value: number): string {
  return value.toLocaleString("en-US");
}

/** A count with its noun: `1 object`, `12,345 objects`. `many` where an s does not do. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${showCount(value)} ${value === 1 ? one : many}`;
}

/** `duration` for where each column counts: `45s`, `2m`, `3h`, `4d`. */
export function shortDuration(seconds: number): string {
  const [count = "", unit = ""] = duration(seconds).split(" ");
  return `${Math.round(Number(count))}${unit.charAt(0)}`;
}

/** Seconds, minutes, hours or days; a negative time is none. `100` is `2 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`;
}
