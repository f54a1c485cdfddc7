import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "../../scripts/program";
import { companions, refusal } from "../../scripts/release";

const root = join(__dirname, "..", "..");

describe("what a release is packed of", () => {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("it is all that the program loads, and no test", () => {
    for (const name of [...program, ...companions])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    expect(refusal(folder)).toContain("[cluster-unreachable]");
    expect(existsSync(join(folder, "test"))).toBe(false);
  });
});
