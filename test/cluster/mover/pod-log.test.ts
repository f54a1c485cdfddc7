import { LogPlace } from "../../../cluster/mover/pod-log";

/** What of the readings of a log is told, in order. */
function told(readings: readonly (readonly (readonly [string, string])[])[]): string[] {
  const place = new LogPlace();
  return readings.flatMap((lines) => {
    place.beginReading();
    return lines.filter(([time]) => place.isNew(time)).map(([, line]) => line);
  });
}
const t = (fraction: string) => `2026-01-01T00:00:00${fraction}Z`;

test("lines of one time are all told, in one reading and over a break", () => {
  const first = [
    [t(".5"), "a"],
    [t(".5"), "b"],
  ] as const;
  expect(told([first])).toEqual(["a", "b"]);
  expect(told([first, [...first, [t(".5"), "c"], [t(".6"), "d"]]])).toEqual(["a", "b", "c", "d"]);
});

test("a time without its zeros, or in another zone, is in its place", () => {
  const lines = [
    [t(".1"), "a"],
    [t(".12"), "b"],
    ["2026-01-01T01:00:00.2+01:00", "c"],
    [t(""), "too late"],
    ["2026-01-01T00:00:01Z", "d"],
  ] as const;
  expect(told([lines])).toEqual(["a", "b", "c", "d"]);
});
