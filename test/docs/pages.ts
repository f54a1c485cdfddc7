/** The pages as tests read them: the commands they show, the files and headings they link to. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const project = join(__dirname, "../..");
export const readPage = (path: string): string => readFileSync(join(project, path), "utf8");

/** Every page for people, by its path. */
export const pages: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "examples/README.md",
  ...readdirSync(join(project, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export interface Shown {
  readonly page: string;
  readonly words: readonly string[];
}

/** Every simple command of a page, from blocks of commands and from code inside sentences. */
export function commandsOf(page: string): readonly Shown[] {
  const text = readPage(page);
  const fenced = [...text.matchAll(/^ *```(\w*)\n(.*?)^ *```/gms)];
  const blocks = fenced
    .filter(([, language]) => ["", "shell", "sh", "bash"].includes(language!))
    .map((match) => match[2]!)
    // A drawing shows no commands.
    .filter((block) => !block.includes("──"));
  const rest = text.replaceAll(/^ *```.*?^ *```/gms, "");
  const inline = [...rest.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!).filter(isCommand);
  return [...blocks.flatMap(linesOf), ...inline].flatMap((line) =>
    simple(line).map((words) => ({ page, words })),
  );
}

const isCommand = (code: string): boolean =>
  /^(npm|npx|node|oc|pulumi|config set|config rm|openstack|eval) \S/.test(code);

/** Of a transcript only what was typed; else every line, continued ones joined, without comments. */
function linesOf(block: string): readonly string[] {
  // In a recording each line begins with the seconds.
  const untimed = block.replaceAll(/^ *\d+\.\d {2}/gm, "");
  const lines = untimed.replaceAll(/\\\n\s*/g, " ").split("\n");
  const typed = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  return (typed.length > 0 ? typed : lines)
    .map((line) => line.replace(/(^|\s)# .*$/, "").trim())
    .filter(Boolean);
}

/** Splits at `&&`, `;` and `|`, takes `$(...)` as a command of its own, and variables before a command away. */
function simple(line: string): readonly (readonly string[])[] {
  const inner = [...line.matchAll(/\$\(([^)]*)\)/g)].map((match) => match[1]!);
  const outer = line.replaceAll(/"?\$\([^)]*\)"?/g, "SUBSTITUTED");
  return [outer, ...inner].flatMap((text) =>
    (text.match(/(?:'[^']*'|"[^"]*"|(?!&&|[;|]).)+/gs) ?? [])
      .map((part) => part.replace(/^[&|;\s]+/, ""))
      .map((part) => (part.match(/(?:'[^']*'|"[^"]*"|<[^>]*>|[^\s'"<])+/g) ?? []).map(unquoted))
      .map(withoutPrefix)
      .filter((words) => words.length > 0),
  );
}

/** Without variables that are set for it, and what the shell has before a command: `{`, and the label of a case. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !/^([A-Za-z_]+=.*|\{|\}|[\w*]+\))$/.test(word));
  return first < 0 ? [] : words.slice(first);
}

const unquoted = (word: string): string => word.replaceAll(/^'(.*)'$|^"(.*)"$/gs, "$1$2");

/** Links of a page to other places of the project: the file, and the heading in it. */
export function linksOf(
  page: string,
): readonly { readonly file: string; readonly heading: string | undefined }[] {
  const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/")) : ".";
  return [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = "", heading] = target.split("#");
      return { file: file === "" ? page : join(folder, file), heading };
    });
}

/** The headings of a page, as GitHub's anchors. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...readPage(page).matchAll(/^#{1,6} (.*)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((each) =>
      each
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}
