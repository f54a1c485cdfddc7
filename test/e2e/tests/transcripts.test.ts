import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transcripts } from "../support/transcripts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "transcripts-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a file for each command, in the order they begin, with the seconds since its beginning", () => {
  let now = 5000;
  const transcripts = new Transcripts(join(dir, "way"), () => now);
  const preview = transcripts.begin("s1", ["preview"]);
  now += 1500;
  const up = transcripts.begin("s1", ["up", "--yes", "--skip-preview"]);
  preview("first");
  preview("");
  now += 60_000;
  up("second");
  const files = readdirSync(join(dir, "way")).toSorted();
  expect(files).toEqual(["01-s1-preview.txt", "02-s1-up.txt"]);
  expect(files.map((name) => readFileSync(join(dir, "way", name), "utf8"))).toEqual([
    "$ pulumi preview --stack s1\n   1.5  first\n\n",
    "$ pulumi up --yes --skip-preview --stack s1\n  60.0  second\n",
  ]);
});
