import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const project = join(__dirname, "../..");

/** Phrases that stop a reader, with what to write instead. A sentence has a subject, and says the thing by its name. */
const banned: readonly (readonly [RegExp, string])[] = [
  [/\bof[ ]before\b/i, "previous, recorded, old"],
  [/\bmade[ ]anew\b/i, "deleted and recreated; a new ..."],
  [/\b(is|are)[ ]about\b(?! (to|\d|half|two|as))/i, "is, concerns, means"],
  [/\bwhat[ ]it ha[sd]\b/i, "its previous setting; what it holds"],
  [/\bga?i?ve[sd]?[ ]way to (what|the|a) (?!is set)/i, "was stopped so that ..."],
  [/\b(does|did)[ ]not hold what its name says\b/i, "is corrupt: content and digest differ"],
  [/\bwhen[ ]nobody runs it any more\b/i, "take over only if nobody still runs the other"],
  [/\bwhose[ ]the run is\b/i, "the stack that owns the run"],
];

const text = /\.(ts|js|md|yaml|yml|py|go)$/;
const left = new Set(["node_modules", ".git", "dist", "coverage", ".lab", ".cache"]);

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(join(project, folder), { withFileTypes: true })) {
    if (left.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (text.test(entry.name) && path !== join("test", "docs", "words.test.ts")) yield path;
  }
}

test("comments, messages and pages keep to words that need no decoding", () => {
  const found: string[] = [];
  for (const path of files("."))
    readFileSync(join(project, path), "utf8")
      .split("\n")
      .forEach((line, index) => {
        for (const [pattern, better] of banned)
          if (pattern.test(line))
            found.push(`${path}:${index + 1}: ${line.trim().slice(0, 120)} (better: ${better})`);
      });
  expect(found).toEqual([]);
});
