/**
 * Stacks of the suites: the project's program, copied into a folder of the run, with a file backend and a
 * PULUMI_HOME of its own. Nothing of the user's stacks, plugins or logins is read or touched.
 */
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { versions } from "../../lab/engine/versions";
import { quiet } from "../../lab/engine/ensure";
import type { PulumiParts } from "./parts";
import { endProcessesWith, run, start, tail, type Ended, type Running } from "./process";
import { projectRoot } from "./project";
import type { Transcripts } from "./transcripts";
import { program } from "../../../scripts/program";

type Value = string | number | boolean | Readonly<Record<string, unknown>>;

/** As config.ts takes it; a bare number is refused there. */
type Duration = `${number}${"s" | "m" | "h"}`;

/** Config values by key; `undefined` removes one. */
export type Config = Readonly<Record<string, Value | undefined>> & {
  readonly copyDeadline?: Duration | undefined;
  readonly rolloutTimeout?: Duration | undefined;
};

const marker = "IMAGE_REGISTRY_SWIFT_SUITE";

/** A folder with the program and a place for its stacks' states. */
export class Workspace {
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cli: string;
  transcripts: Transcripts | undefined;

  constructor(
    readonly folder: string,
    parts: PulumiParts,
    kubeconfig: string,
    readonly id: string = `${process.pid}-${Date.now()}`,
  ) {
    this.program = join(folder, "program");
    mkdirSync(this.program, { recursive: true });
    mkdirSync(join(folder, "state"), { recursive: true });
    for (const name of program)
      cpSync(join(projectRoot, name), join(this.program, name), { recursive: true });
    if (!existsSync(join(this.program, "node_modules")))
      symlinkSync(join(projectRoot, "node_modules"), join(this.program, "node_modules"));
    const home = join(folder, "home");
    const bin = join(home, "bin");
    mkdirSync(bin, { recursive: true });
    for (const name of ["kubernetes", "openstack"] as const) plugin(home, name, parts[name].path);
    this.cli = String(parts.cli.path);
    this.env = {
      ...withoutCloudVariables(process.env),
      // First the project's own Node, then the CLI's folder, then whatever the machine has.
      PATH: [join(projectRoot, "node_modules", "node", "bin"), dirname(this.cli), process.env["PATH"]].join(
        ":",
      ),
      PULUMI_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the suites",
      ...quiet,
      PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
      // Each run starts two Node.js processes of some two thousand modules: compiled once, a third of their CPU is saved.
      NODE_COMPILE_CACHE: join(folder, "compile-cache"),
      KUBECONFIG: kubeconfig,
      [marker]: this.id,
    };
  }

  /** A stack of its own in this workspace. */
  async stack(name: string, config: Config): Promise<Stack> {
    const stack = new Stack(this, name);
    await stack.init(config);
    return stack;
  }

  /** Ends what killed CLIs left behind, by id. */
  endLeftovers(): void {
    endProcessesWith(marker, this.id);
  }
}

/** The user's OS_* and KUBECONFIG must not reach a run by accident; a test that wants them puts them in. */
function withoutCloudVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        !/^(OS_|PULUMI_|KUBE|HTTPS?_PROXY|NO_PROXY|NODE_OPTIONS|npm_)/i.test(name) &&
        !name.startsWith("JEST_"),
    ),
  );
}

/**
 * A plugin where the engine looks for it: a real folder in PULUMI_HOME/plugins (links to folders are not followed).
 * One that was installed has files beside itself that it reads.
 */
function plugin(home: string, name: "kubernetes" | "openstack", binary: string | undefined): void {
  if (binary === undefined) return;
  const installed = `resource-${name}-v${versions[name]}`;
  const folder = join(home, "plugins", installed);
  if (existsSync(join(folder, basename(binary)))) return;
  mkdirSync(folder, { recursive: true });
  const from = dirname(binary);
  const names = basename(from) === installed ? readdirSync(from) : [basename(binary)];
  for (const file of names)
    try {
      linkSync(join(from, file), join(folder, file));
    } catch {
      cpSync(join(from, file), join(folder, file), { recursive: true }); // another file system, or a folder
    }
}

export interface UpOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  readonly args?: readonly string[];
}

export class Stack {
  private readonly file: string;

  constructor(
    readonly workspace: Workspace,
    readonly name: string,
  ) {
    this.file = join(workspace.program, `Pulumi.${name}.yaml`);
  }

  async init(config: Config): Promise<void> {
    await this.pulumi(["stack", "init", this.name, "--non-interactive"]);
    this.configure(config);
  }

  /** Sets config values; a key without a namespace is the project's. `undefined` removes one. */
  configure(values: Config): this {
    const file = (parse(existsSync(this.file) ? readFileSync(this.file, "utf8") : "{}") ?? {}) as {
      config?: Record<string, unknown>;
    };
    const config = { ...file.config };
    for (const [key, value] of Object.entries(values)) {
      const full = key.includes(":") ? key : `image-registry-swift:${key}`;
      if (value === undefined) delete config[full];
      else config[full] = typeof value === "object" ? value : String(value);
    }
    writeFileSync(this.file, stringify({ ...file, config }));
    return this;
  }

  private async pulumi(args: readonly string[]): Promise<string> {
    return run(this.workspace.cli, args, { cwd: this.workspace.program, env: this.workspace.env });
  }

  /** Starts a command of the CLI on this stack. */
  begin(command: readonly string[], options: UpOptions = {}): Running {
    const words = [...command, ...(options.args ?? [])];
    const keep = this.workspace.transcripts?.begin(this.name, words);
    return start(
      this.workspace.cli,
      [...words, "--stack", this.name, "--non-interactive", "--color", "never"],
      {
        cwd: this.workspace.program,
        env: { ...this.workspace.env, ...options.env },
        onLine: (line) => {
          keep?.(line);
          options.onLine?.(line);
        },
      },
    );
  }

  beginUp(options: UpOptions = {}): Running {
    return this.begin(["up", "--yes", "--skip-preview"], options);
  }

  /** Any command of the CLI, as a user types it; throws with the end of its output when it fails. */
  async command(...words: readonly string[]): Promise<Ended> {
    return succeeded(words.join(" "), await this.begin(words).ended);
  }

  /** `pulumi up`; throws with the end of its output when it fails. */
  async up(options: UpOptions = {}): Promise<Ended> {
    return finished(this.beginUp(options));
  }

  /** `pulumi up` that must be refused or fail; answers its output. */
  async upFails(options: UpOptions = {}): Promise<string> {
    return failed("up", await this.beginUp(options).ended);
  }

  async preview(options: UpOptions = {}): Promise<Ended> {
    return succeeded("preview", await this.begin(["preview"], options).ended);
  }

  async previewFails(options: UpOptions = {}): Promise<string> {
    return failed("preview", await this.begin(["preview"], options).ended);
  }

  async destroy(options: UpOptions = {}): Promise<Ended> {
    return succeeded("destroy", await this.begin(["destroy", "--yes", "--skip-preview"], options).ended);
  }

  async refresh(options: UpOptions = {}): Promise<Ended> {
    return succeeded(
      "refresh",
      await this.begin(["refresh", "--yes", "--skip-preview", "--clear-pending-creates"], options).ended,
    );
  }

  /** Unlocks the state of a killed CLI. */
  async cancel(): Promise<void> {
    await this.begin(["cancel", "--yes"]).ended;
  }

  /** The state, as JSON text; secrets stay encrypted. */
  async export(): Promise<string> {
    return this.pulumi(["stack", "export", "--stack", this.name]);
  }

  /** The stack's outputs, by name. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await this.pulumi(["stack", "output", "--json", "--stack", this.name])) as Record<
      string,
      unknown
    >;
  }

  /** URNs in the state, of a type or of all. */
  async urns(type?: RegExp): Promise<string[]> {
    const state = JSON.parse(await this.export()) as {
      deployment: { resources?: { urn: string; type: string; delete?: boolean }[] };
    };
    return (state.deployment.resources ?? [])
      .filter((r) => type === undefined || type.test(r.type))
      .map((r) => r.urn);
  }

  /** Forgets the state, as if it were lost: a new stack of the same name gets the same config. */
  async lose(): Promise<void> {
    const config = readFileSync(this.file, "utf8");
    await this.pulumi(["stack", "rm", this.name, "--yes", "--force"]);
    await this.pulumi(["stack", "init", this.name, "--non-interactive"]);
    const salt = (parse(readFileSync(this.file, "utf8")) as { encryptionsalt?: string }).encryptionsalt;
    writeFileSync(this.file, stringify({ ...(parse(config) as object), encryptionsalt: salt }));
  }
}

/** The `up` goes on to its end; throws with the end of its output when it fails. */
export async function finished(up: Running): Promise<Ended> {
  return succeeded("up", await up.ended);
}

function succeeded(what: string, ended: Ended): Ended {
  if (ended.code !== 0)
    throw new Error(
      `pulumi ${what}: ${ended.signal ?? `exit code ${ended.code ?? "?"}`}\n${diagnostics(ended.output)}`,
    );
  return ended;
}

/** What the CLI says went wrong; the outputs after it are long and say nothing of it. */
function diagnostics(output: string): string {
  const from = output.lastIndexOf("\nDiagnostics:");
  if (from < 0) return tail(output, 60);
  const to = output.indexOf("\nOutputs:", from);
  return tail(output.slice(from, to < 0 ? undefined : to), 80);
}

function failed(what: string, ended: Ended): string {
  if (ended.code === 0)
    throw new Error(`pulumi ${what} succeeded and should not have:\n${tail(ended.output, 60)}`);
  return ended.output;
}

/** How many resources a run changed, from the CLI's summary; 0 when there is nothing but "unchanged". */
export function changes(output: string): number {
  const summary = output.slice(Math.max(0, output.lastIndexOf("Resources:")));
  return [...summary.matchAll(/^\s+[-+~]{1,2}\s*(\d+) (?:to )?(create|update|delete|replace)/gm)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
}
