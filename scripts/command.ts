/** What the commands for developers share: settings from the command line, files, and one line for what went wrong. */
import { readFileSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { parse } from "yaml";

/** A call that cannot be understood; its text says what is accepted. */
export class UsageError extends Error {}

export type Print = (text: string) => void;

const help = { help: { type: "boolean", short: "h" } } as const;
type Parsed<T extends ParseArgsConfig> = ReturnType<
  typeof parseArgs<T & { options: T["options"] & typeof help }>
>;

/**
 * A command: it prints to `print` and answers the exit code. `--help` prints the usage; so does UsageError, which is
 * thrown for a call that cannot be understood.
 */
export function command<const T extends ParseArgsConfig>(
  usage: string,
  line: T,
  act: (parsed: Parsed<T>, print: Print) => Promise<number> | number,
): (args: readonly string[], print?: Print) => Promise<number> {
  return async (args, print = console.log) => {
    const parsed = parseLine(usage, line, args);
    if ((parsed.values as { help?: boolean }).help === true) {
      print(usage);
      return 0;
    }
    return act(parsed, print);
  };
}

function parseLine<T extends ParseArgsConfig>(usage: string, line: T, args: readonly string[]): Parsed<T> {
  try {
    return parseArgs({ ...line, options: { ...line.options, ...help }, args: [...args] }) as Parsed<T>;
  } catch (error) {
    throw new UsageError(`${inWords(error)}\n${usage}`, { cause: error });
  }
}

/**
 * Full stack config, `<namespace>:<key>` to text, as the CLI would hand it over: first a file as `Pulumi.dev.yaml`, then
 * pairs `key=value`, whose keys without a colon are this program's own. Encrypted values are left out.
 */
export function configFrom(
  file: string | undefined,
  pairs: readonly string[],
): Readonly<Record<string, string>> {
  const stored = file === undefined ? {} : (readYaml(file)["config"] ?? {});
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries(stored))
    if (!isEncrypted(value)) config[key] = typeof value === "string" ? value : JSON.stringify(value);
  for (const pair of pairs) {
    const [, key, value] = /^([\w:]+)=(.*)$/s.exec(pair) ?? [];
    if (key === undefined || value === undefined)
      throw new UsageError(`--set ${pair} is not key=value, for example --set state=migrate`);
    config[key.includes(":") ? key : `image-registry-swift:${key}`] = value;
  }
  return config;
}

/** The JSON in a file; throws one line that names the file. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file} cannot be read as JSON: ${inWords(error)}`, { cause: error });
  }
}

/** Runs a command to its exit code; whatever it throws becomes one line on standard error. */
export async function runAsCommand(command: (args: string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command(process.argv.slice(2));
  } catch (error) {
    console.error(inWords(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readYaml(file: string): Record<string, unknown> {
  return (parse(readFileSync(file, "utf8")) ?? {}) as Record<string, unknown>;
}

function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}
