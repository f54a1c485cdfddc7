import { OneFolder } from "./one-folder";
import type { GeneratedRegistry } from "./registry";
import { ManyRepositories } from "./repositories";

/** What a generated registry is like: so many files in all, or so many links in one folder. */
export type Shape = `${"files" | "links"}:${number}`;

export function isShape(text: string): text is Shape {
  return /^(files|links):\d+$/.test(text);
}

export function registryOf(shape: Shape): GeneratedRegistry {
  const [kind, count] = shape.split(":");
  return kind === "links" ? new OneFolder(Number(count)) : new ManyRepositories(Number(count));
}
