/**
 * What a person can read while a step works, on the real engine's screen: a small program whose step speaks as ours do,
 * in a terminal of tmux, and the same into a log. Needs no cluster.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { quiet } from "../lab/engine/ensure";
import { run } from "../lab/run";
import { findPulumi, onPath } from "../e2e/support/parts";
import { projectRoot } from "../e2e/support/project";

const cli = findPulumi().cli.path;
const tmux = onPath("tmux");
const there = cli !== undefined && tmux !== undefined;
if (!there) console.warn(`skipped: ${cli === undefined ? "pulumi" : "tmux"} is not there`);

jest.setTimeout(180_000);

const percent = (at: number) =>
  `${at} % 2m left, 3.1 of 7.2 GiB, [##..................], 24.0 MiB/s, 10 of 40 objects, blobs, team/app`;
/** As wide as the rows of a copy in a later run: its Pod's type, one level deeper than here, takes 28 columns. */
const program = `
const pulumi = require("@pulumi/pulumi");
const provider = { async create() { return require(process.cwd() + "/step").create(); } };
class Step extends pulumi.CustomResource {
  constructor() {
    super("pulumi-nodejs:do:Rehearse", "switch-claim-release", { __provider: pulumi.runtime.serializeFunction(() => provider).then((made) => made.text) });
  }
}
if (pulumi.runtime.isDryRun()) console.log("[plan] there: takes pushes, on claim image-registry-storage");
new Step();
`;
const step = `
const { setTimeout: sleep } = require("node:timers/promises");
require(${JSON.stringify(join(projectRoot, "scripts/typescript.js"))});
const { reader } = require(${JSON.stringify(join(projectRoot, "cluster/api/cadence.ts"))});
const { inPassing, sayInPassing } = require(${JSON.stringify(join(projectRoot, "cluster/steps/in-passing.ts"))});
exports.create = async () => {
  for (let at = 10; at < 20; at++) {
    await sayInPassing(inPassing(${JSON.stringify(percent(0)).replace("0 %", "AT %")}.replace("AT", at), "live copy", reader()));
    await sleep(500);
  }
  console.log("[live copy] copied 40 objects");
  return { id: "x", outs: {} };
};
`;

(there ? describe : describe.skip)("what can be read", () => {
  const folder = mkdtempSync(join(tmpdir(), "screen-"));
  const socket = `screen-${process.pid}`;
  const env = {
    ...quiet,
    PATH: [join(projectRoot, "node_modules/node/bin"), dirname(String(cli)), process.env["PATH"]].join(
      delimiter,
    ),
    HOME: folder,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "of the test",
    TERM: "xterm",
  };
  const pulumi = (...args: readonly string[]) =>
    run(String(cli), [...args, "--non-interactive", "--color", "never"], { cwd: folder, env, limit: 120 });
  const terminal = (...args: readonly string[]) =>
    run(String(tmux), ["-L", socket, "-f", "/dev/null", ...args], { cwd: folder, env });

  beforeAll(async () => {
    mkdirSync(join(folder, "state"));
    symlinkSync(join(projectRoot, "node_modules"), join(folder, "node_modules"));
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      "name: image-registry-swift\nruntime: nodejs\nmain: index.js\n",
    );
    writeFileSync(join(folder, "package.json"), "{}");
    writeFileSync(join(folder, "index.js"), program);
    writeFileSync(join(folder, "step.js"), step);
    await pulumi("stack", "init", "dev");
  });
  afterEach(async () => {
    await terminal("kill-server").catch(() => undefined);
    await pulumi("destroy", "--yes", "--skip-preview");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs a command in a terminal of that width; answers each screen that was seen until it had ended. */
  async function screens(columns: number, command: string): Promise<readonly string[]> {
    const size = ["-x", String(columns), "-y", "40"];
    await terminal("new-session", "-d", ...size, `pulumi ${command} --yes; echo it has ended; exec sleep 60`);
    const seen: string[] = [];
    while (seen.at(-1)?.includes("it has ended") !== true) {
      await sleep(250);
      seen.push(await terminal("capture-pane", "-p", "-J"));
    }
    return seen;
  }

  test.each([
    [100, /\d\d % 2m left/],
    [130, /\d\d % 2m left, 3\.1 of 7\.2 GiB, \[##/],
    [160, /\d\d % 2m left, 3\.1 of 7\.2 GiB, \[##\.+\], 24\.0 MiB\/s/],
  ])(
    "at %d columns a copy's percent and time left, and not once more in the end",
    async (columns, readable) => {
      const seen = await screens(columns, "up --skip-preview");
      const progress = seen.filter((screen) => readable.test(screen));
      expect(progress.length).toBeGreaterThan(2);
      expect(seen.at(-1)).toContain("[live copy] copied 40 objects");
      expect(seen.at(-1)).not.toContain("2m left");
    },
  );

  test("at 80 columns the plan, whole", async () => {
    const last = (await screens(80, "up")).at(-1);
    expect(last).toContain("[plan] there: takes pushes, on claim image-registry-storage");
  });

  test("in a log each line begins with the step, and what has passed is not said again", async () => {
    const log = await pulumi("up", "--yes", "--skip-preview");
    expect(log.match(/\[live copy\] 12 % 2m left, 3\.1 of 7\.2 GiB/g)).toHaveLength(1);
  });
});
