import type { Happening } from "../../cluster/journal/journal";
import { readmeOf } from "../../plan/readme";
import { proven, switched } from "./observations";

const words = { registry: "writable, on Swift container c", next: "pulumi up" };
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const copy = { objects: 233, bytes: 1024, thereObjects: 4, thereBytes: 9, retries: 0, seconds: 9 };
const history: readonly Happening[] = [
  { at: at(0), run: { stack: "o/p/s", host: "workstation-7" } },
  { at: at(1), phase: "copying" },
  { at: at(12), step: "live copy", seconds: 11, copy },
  { at: at(20), step: "rehearsal", seconds: 8, pulled: 20 },
  { at: at(30), step: "sealing", seconds: 5, pushes: at(26), by: "rolling" },
  { at: at(40), step: "final copy", seconds: 3, failed: "a | b <script>" },
];

test("before there is a journal it says what the registry is like and what comes next", () => {
  expect(readmeOf(words, undefined)).toBe(
    "# The image registry's migration\n\n- **Registry**: writable, on Swift container c\n- **Next**: pulumi up\n",
  );
});

test("it tells container, proof, window and each step, and not who ran it", () => {
  const text = readmeOf(words, { ...proven.journal!, history });
  const { container, proof } = proven.journal!;
  expect(text).toContain(`- **Container**: \`${container!.name}\``);
  expect(text).toContain(`digest \`${proof!.digest}\``);
  expect(text).toMatch(/- \*\*Pushes\*\*: none is taken since 2026-01-01T00:00:26/);
  expect(text.split("\n").filter((line) => line.startsWith("| 2026"))).toEqual([
    `| ${at(12)} | live copy | 11 s | copied 233 objects (1.0 KiB), 4 were there |`,
    `| ${at(20)} | rehearsal | 8 s | pulled 20 images |`,
    `| ${at(30)} | sealing | 5 s | rolling |`,
    `| ${at(40)} | final copy | 3 s | failed: a \\| b &lt;script> |`,
  ]);
  expect(text).not.toContain("workstation-7");
});

test("invariant 6: a run that did nothing changes no word of it", () => {
  const again: Happening = { at: at(59), run: { stack: "o/p/s", host: "another" } };
  const journal = { ...switched.journal!, history };
  expect(readmeOf(words, { ...journal, history: [...history, again] })).toBe(readmeOf(words, journal));
});

test("it stays short", () => {
  const many = Array.from({ length: 200 }, (_, n): Happening => ({
    at: at(n % 60),
    step: `s${n}`,
    seconds: 1,
  }));
  const rows = readmeOf(words, { ...switched.journal!, history: many }).split("\n");
  expect(rows.filter((row) => row.startsWith("| 2026"))).toHaveLength(8);
  expect(rows.at(-2)).toContain("s199");
});

test("a claim that was released is told", () => {
  const released = { claim: "image-registry-storage", uid: "u", at: at(1) };
  expect(readmeOf(words, { ...switched.journal!, released })).toContain(
    `- **Old claim**: \`image-registry-storage\` was released at ${at(1)}`,
  );
});
