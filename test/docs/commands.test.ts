/** What the pages tell people to type exists, and a suite runs it; what needs a real cluster is known as such. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { keys, parseSettings } from "../../config/config";
import { anchorsOf, commandsOf, linksOf, pages, project, readPage, type Shown } from "./pages";

/** They need a real cluster, cloud or registry, and no test runs them: README says so. */
const real = ["oc", "openstack", "skopeo", "podman"];
/** The shell's and the system's own, and git. */
const plain = [
  "cd",
  "mkdir",
  "tar",
  "export",
  "eval",
  "git",
  "go",
  "grep",
  "SUBSTITUTED",
  "cat",
  "case",
  "esac",
  "exit",
  "test",
  "date",
];

/** It waits for a debugger that somebody attaches. */
const byHand = new Set(["up --attach-debugger=program"]);

const { scripts } = JSON.parse(readPage("package.json")) as { scripts: Record<string, string> };
const shown = pages.flatMap(commandsOf);
const by = (...first: readonly string[]): readonly Shown[] =>
  shown.filter(({ words }) => first.every((word, at) => words[at] === word));
const told = ({ page, words }: Shown): string => `${page}: ${words.join(" ")}`;

/** `npx pulumi X`, `pulumi X`, and in tables `config set X`. */
const pulumi = [...by("npx", "pulumi"), ...by("pulumi"), ...by("config")].map(({ page, words }) => ({
  page,
  words: words.slice(words[0] === "npx" ? 2 : words[0] === "pulumi" ? 1 : 0),
}));
const suites = readdirSync(join(project, "test"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("docs/"))
  .map((name) => readPage(`test/${name}`))
  .join("\n");

test("there is something to look at", () => {
  expect(by("npm").length).toBeGreaterThan(30);
  expect(pulumi.length).toBeGreaterThan(40);
});

test("every command is one that a test can know, or needs a real cluster", () => {
  const known = new Set(["npm", "npx", "node", "pulumi", "config", ...real, ...plain]);
  expect(shown.filter(({ words }) => !known.has(words[0]!)).map(told)).toEqual([]);
  for (const each of real)
    expect(readPage("README.md")).toMatch(new RegExp(`\`${each}\`.* need a real cluster: no test runs them`));
});

/** The script's own file and the files beside it that it imports: its options are declared in one of them. */
function sourcesOf(script: string): string {
  const file = /(\S+\.ts)( |$)/.exec(scripts[script]!)?.[1];
  if (file === undefined) return scripts[script]!;
  const text = readPage(file);
  const beside = [...text.matchAll(/from "(\.\/[\w-]+)"/g)].map((match) =>
    join(dirname(file), `${match[1]!}.ts`),
  );
  return [text, ...beside.filter((each) => existsSync(join(project, each))).map(readPage)].join("\n");
}
const declares = (source: string, flag: string): boolean =>
  source.includes(`--${flag}`) || new RegExp(`["\\s{,]${flag}"?: (\\{|text|flag)`).test(source);

test("every npm script exists and takes the options that are shown", () => {
  const wrong = by("npm")
    .filter(({ words }) => words[1] === "run" || words[1] === "test")
    .filter(({ words }) => {
      const at = words[1] === "test" ? 1 : words.findIndex((word, index) => index > 1 && word !== "-s");
      const script = words[at]!;
      if (scripts[script] === undefined) return true;
      const flags = words.slice(at + 1).flatMap((word) => /^--([a-z][\w-]*)/.exec(word)?.[1] ?? []);
      return flags.some((flag) => !declares(sourcesOf(script), flag));
    });
  expect(wrong.map(told)).toEqual([]);
});

test("every command of Pulumi's is run by a suite, with the options that are shown", () => {
  const wrong = pulumi.filter(({ words }) => {
    if (byHand.has(words.join(" "))) return false;
    const command = /^(stack|config|plugin)$/.test(words[0]!) ? words.slice(0, 2) : words.slice(0, 1);
    const quoted = command.map((word) => `"${word}"`).join(String.raw`,\s*`);
    const flags = words.filter((word) => /^--[a-z]/.test(word) && word !== "--help");
    return (
      !new RegExp(quoted).test(suites) || flags.some((flag) => !suites.includes(`"${flag.split("=")[0]!}"`))
    );
  });
  expect(wrong.map(told)).toEqual([]);
});

test("every config key exists and takes the value that is shown", () => {
  const set = pulumi.filter(({ words }) => words[0] === "config" && /^(set|rm)$/.test(words[1]!));
  const wrong = set.filter(({ words }) => {
    const [key = "", value] = words.slice(2).filter((word) => !word.startsWith("--"));
    if (key === "" || /^(kubernetes|openstack):/.test(key) || /^<.*>$/.test(key)) return false;
    const name = key.split(/[.[]/)[0]!;
    if (!keys.some((each) => each === name)) return true;
    if (value === undefined || value.includes("<") || name !== key) return false;
    // The state that a key belongs to does not matter for its values, but for this one.
    const state = name === "releaseVolumeClaim" ? "switch" : "migrate";
    const config = { [`image-registry-swift:state`]: state, [`image-registry-swift:${name}`]: value };
    const parsed = parseSettings(config, "o/p/s");
    return !parsed.ok && parsed.problems.some((problem) => problem.key === name);
  });
  expect(set.length).toBeGreaterThan(30);
  expect(wrong.map(told)).toEqual([]);
});

test("every file that a command names is there, and every program of npx", () => {
  const files = shown.flatMap((each) =>
    each.words
      .filter((word) =>
        /^(\.\/)?(test|scripts|docs|migrator|cluster|plan|config|components|swift|examples|bench)\/[\w./-]+$/.test(
          word,
        ),
      )
      .filter((word) => !word.startsWith("migrator/dist/") && !existsSync(join(project, word)))
      .map((word) => `${told(each)}: ${word}`),
  );
  expect(files).toEqual([]);
  const programs = by("npx").filter(
    ({ words }) => !existsSync(join(project, "node_modules/.bin", words[1]!)),
  );
  expect(programs.map(told)).toEqual([]);
});

test("every link leads to a file and a heading that are there", () => {
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter(({ file, heading }) => {
        if (!existsSync(join(project, file))) return true;
        return heading !== undefined && file.endsWith(".md") && !anchorsOf(file).has(heading);
      })
      .map(({ file, heading }) => `${page}: ${file}#${heading ?? ""}`),
  );
  expect(broken).toEqual([]);
});

test("versions in docs/disconnected.md are those of package.json", () => {
  const { dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of ["kubernetes", "openstack"])
    expect(readPage("docs/disconnected.md")).toContain(
      `npx pulumi plugin install resource ${name} ${dependencies[`@pulumi/${name}`]!}`,
    );
});
