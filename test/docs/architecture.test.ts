import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const project = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(project, path), "utf8");
const page = read("docs/architecture.md");
const quoted = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");

describe("docs/architecture.md and CONTRIBUTING.md name what there is", () => {
  const top = readdirSync(project);
  test.each(["docs/architecture.md", "CONTRIBUTING.md"])("every path that %s names exists", (name) => {
    const named = [...read(name).matchAll(/[\w.][\w./-]*\w/g)]
      .map((match) => match[0])
      .filter((each) => each.includes("/") && top.includes(each.split("/")[0]!));
    expect(named.length).toBeGreaterThan(15);
    expect(
      named.filter((each) => !existsSync(join(project, each)) && !existsSync(join(project, `${each}.ts`))),
    ).toEqual([]);
  });

  test("the words are explained", () => {
    const words = page.split("## The words")[1]!.split("\n## ")[0]!;
    const explained = [...words.matchAll(/^\| (\*\*.*?) +\|/gm)].flatMap((row) =>
      [...row[1]!.matchAll(/\*\*([a-z]+)\*\*/g)].map((match) => match[1]),
    );
    for (const word of [
      "seal",
      "witness",
      "proof",
      "run",
      "pass",
      "live",
      "final",
      "back",
      "opening",
      "journal",
      "rehearsal",
      "bridge",
    ])
      expect(explained).toContain(word);
  });
});

describe("the tests that the invariants name", () => {
  const files = readdirSync(join(project, "test"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const scenarios = new Set(
    files
      .filter((name) => name.startsWith("e2e/scenarios/"))
      .flatMap((name) =>
        [...read(`test/${name}`).matchAll(/^ {2}name: "([a-z-]+)"/gm)].map((match) => match[1]),
      ),
  );
  const rows = [...page.matchAll(/^\| (\d+) +\| .*? \| ([^|]*) \|$/gm)].map(
    (row) => [row[1]!, row[2]!] as const,
  );

  test("there are ten", () => {
    expect(rows.map(([number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each(rows)("invariant %s: they exist, and the unit tests say its number", (number, shownBy) => {
    const [e2e, units] = shownBy.startsWith("e2e ") ? shownBy.split(";") : ["", shownBy];
    expect(
      quoted(e2e!).filter(
        (name) => !name.startsWith("--") && !name.startsWith("-- ") && !scenarios.has(name),
      ),
    ).toEqual([]);
    for (const name of quoted(units!)) {
      const found = files.filter((file) =>
        `/${file}`.replace(/(\.(lab|faults))?(\.test)?\.ts$/, "").endsWith(`/${name}`),
      );
      expect([name, found.length]).toEqual([name, 1]);
      expect(read(`test/${found[0]!}`)).toMatch(new RegExp(`invariants? ([0-9]+(, | and ))*${number}\\b`));
    }
  });
});
