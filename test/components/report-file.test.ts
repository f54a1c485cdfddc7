import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Observation } from "../../cluster/observation";
import { reportFile } from "../../components/report-file";
import { switched } from "../plan/observations";

const folder = mkdtempSync(join(tmpdir(), "report-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
const stack = "organization/image-registry-swift/prod";

async function written(project: string, seen: Observation | Error) {
  const lines: string[] = [];
  const look = () => (seen instanceof Error ? Promise.reject(seen) : Promise.resolve(seen));
  const path = await reportFile(stack, look, (line) => lines.push(line), project).write();
  return { path, said: lines.join("\n") };
}

test("one file a stack, in a folder of the project, and again over the last one", async () => {
  for (let n = 0; n < 2; n++)
    expect(await written(folder, switched)).toEqual({ path: join(folder, "reports", "prod.html"), said: "" });
  expect(readdirSync(join(folder, "reports"))).toEqual(["prod.html"]);
  expect(readFileSync(join(folder, "reports", "prod.html"), "utf8")).toContain("switched");
});

test("a checkout that cannot be written is a warning, which names file, cause and way on", async () => {
  // Root may write everywhere, but nobody makes a folder where a file is.
  const project = join(folder, "read-only");
  writeFileSync(project, "");
  const { path, said } = await written(project, switched);
  expect(path).toBeUndefined();
  expect(said).toMatch(
    /^\[report\] the report was not written to .*prod\.html: (Error: )?ENOTDIR.*not affected.*npm run report.*config set report false$/,
  );
});

test.each([
  [
    "that is away",
    { reachable: false, server: "https://x", message: "no route" } as const,
    /cannot be read: no route/,
  ],
  ["whose reading fails", new Error("500 in the middle"), /500 in the middle/],
])("so is a cluster %s", async (_, seen, words) => {
  const { path, said } = await written(folder, seen);
  expect(path).toBeUndefined();
  expect(said).toMatch(words);
});

test("a cluster that does not answer is waited for a few seconds only", async () => {
  jest.useFakeTimers();
  try {
    const lines: string[] = [];
    const never = new Promise<Observation>(() => undefined);
    const writing = reportFile(
      stack,
      () => never,
      (line) => lines.push(line),
      folder,
    ).write();
    await jest.advanceTimersByTimeAsync(8000);
    expect(await writing).toBeUndefined();
    expect(lines.join()).toContain("not done within 8 s");
  } finally {
    jest.useRealTimers();
  }
});
