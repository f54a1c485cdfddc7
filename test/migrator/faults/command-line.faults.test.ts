/** The mover as a person starts it: options, a cloud found as OpenStack's clients find it, a terminal or a pipe. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { moverProgram, scratchFolder } from "../support/mover";
import { standinCloud } from "../support/cloud";
import { Stage, container } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.stop());

/** A home with clouds.yaml in a place of its own and the password in secure.yaml in the usual one. */
function home(): { readonly folder: string; readonly env: Record<string, string> } {
  const folder = scratchFolder();
  const { authUrl, username, password, projectName } = standinCloud(stage.standin);
  const auth = { auth_url: authUrl, username, project_name: projectName };
  const domains = { user_domain_name: "Default", project_domain_name: "Default" };
  const clouds = join(folder, "my-clouds.yaml");
  writeFileSync(clouds, JSON.stringify({ clouds: { mine: { auth: { ...auth, ...domains } }, other: {} } }));
  mkdirSync(join(folder, ".config/openstack"), { recursive: true });
  writeFileSync(
    join(folder, ".config/openstack/secure.yaml"),
    JSON.stringify({ clouds: { mine: { auth: { password } } } }),
  );
  const env = { PATH: process.env["PATH"]!, HOME: folder, OS_CLIENT_CONFIG_FILE: clouds, OS_CLOUD: "mine" };
  return { folder, env };
}

async function run(command: readonly [string, ...string[]]): Promise<{ code: number | null; out: string }> {
  const { folder, env } = home();
  const child = spawn(command[0], command.slice(1), { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out: out + errors };
}

const mover = (): [string, ...string[]] => {
  const options = ["--from", stage.root, "--container", container, "--mode", "finish", "--workers", "0"];
  return [process.execPath, moverProgram(), ...options];
};

test("through a pipe every line is an event", async () => {
  const { code, out } = await run(mover());
  const events = out
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { event: string }).event);
  expect([code, events[0], events.at(-1)]).toEqual([0, "start", "done"]);
});

test("in a terminal there is no JSON, and the report is the last that stands there", async () => {
  const { code, out } = await run(["script", "-qec", mover().join(" "), "/dev/null"]);
  expect(code).toBe(0);
  expect(out).not.toContain("{");
  expect(out).toContain(`finish, container ${container}`);
  expect(out.trim().split("\n").at(-1)).toMatch(
    /proven: both sides hold \d+ objects \([\d.]+ MiB\), digest [0-9a-f]{64}/,
  );
});
