import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { typescript } from "../../scripts/node";
import { planCommand } from "../../scripts/plan";
import { untouched } from "../plan/observations";

// Jest cannot load the Kubernetes client, which is an ES module; no test here reads a cluster.
jest.mock("../../cluster/api/kube", () => ({}));

describe("npm run plan: the decision without the engine", () => {
  const folder = mkdtempSync(join(tmpdir(), "plan-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const observation = join(folder, "seen.json");
  writeFileSync(observation, JSON.stringify(untouched));

  async function run(...args: readonly string[]): Promise<{ code: number; text: string }> {
    const lines: string[] = [];
    const code = await planCommand([...args, "--observation", observation], (line) => lines.push(line));
    return { code, text: lines.join("\n") };
  }

  test("a plan is printed whole, with what the registry will be like", async () => {
    const { code, text } = await run("--set", "state=migrate");
    expect(code).toBe(0);
    expect(text).toContain('"kind": "migrate"');
    expect(text).toContain("registry: read-only, on claim image-registry-storage");
  });

  test("a refusal is what preview says, and exit code 1", async () => {
    const { code, text } = await run("--set", "state=switch");
    expect(code).toBe(1);
    expect(text).toMatch(/\[no-proof\].*\n {4}accepted: .*\n {4}next: /);
  });

  test("a config that is wrong is what preview says, and exit code 2", async () => {
    const { code, text } = await run("--set", "state=swich");
    expect(code).toBe(2);
    expect(text).toContain('state is "swich"; accepted: migrate, switch, abort');
  });

  test("the stack's config is read, encrypted values are left out, --set wins", async () => {
    const config = join(folder, "Pulumi.x.yaml");
    writeFileSync(
      config,
      "config:\n  image-registry-swift:state: switch\n  image-registry-swift:readOnly: false\n  openstack:password: {secure: v1:abc}\n",
    );
    const { code, text } = await run("--config", config, "--set", "state=migrate");
    expect(code).toBe(0);
    expect(text).toContain('"kind": "copy"');
  });

  test("what was observed is saved as it was", async () => {
    const saved = join(folder, "saved.json");
    await run("--set", "state=migrate", "--save", saved);
    expect(JSON.parse(readFileSync(saved, "utf8"))).toEqual(JSON.parse(JSON.stringify(untouched)));
  });

  test("the command itself runs, from any folder", () => {
    const script = join(__dirname, "../../scripts/plan.ts");
    const args = [...typescript, script, "--set", "state=migrate", "--observation", observation];
    expect(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" })).toContain(
      "next: pulumi config set state switch",
    );
  });

  test("a file that is no observation is named", async () => {
    await expect(planCommand(["--set", "state=migrate", "--observation", "/nowhere.json"])).rejects.toThrow(
      /^\/nowhere\.json cannot be read as JSON/,
    );
  });
});
