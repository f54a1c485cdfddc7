import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keys } from "../../config/config";

const project = join(__dirname, "../..");
const read = (path: string) => readFileSync(join(project, path), "utf8");

test("docs/troubleshooting.md explains every refusal and warning, and no other", () => {
  const files = readdirSync(join(project, "plan"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((name) => name.endsWith(".ts")).map((name) => read(join("plan", name)));
  const named = /(?:judge\.(?:refuse|warn)|\bof)\(\s*"([a-z-]+)"/g;
  const inCode = new Set(sources.flatMap((text) => [...text.matchAll(named)].map((match) => match[1])));
  const inDocs = new Set(
    [...read("docs/troubleshooting.md").matchAll(/^\*\*`([a-z-]+)`\*\*/gm)].map((match) => match[1]),
  );
  expect(inDocs).toEqual(inCode);
});

test("docs/configuration.md explains every key", () => {
  const text = read("docs/configuration.md");
  expect(keys.filter((key) => !text.includes(`| \`${key}\``))).toEqual([]);
});
