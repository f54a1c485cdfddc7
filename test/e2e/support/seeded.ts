import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pushed } from "./registry";

/** The images the lab's seed pushed, by tag and by digest. */
export function seedRecord(folder: string): readonly Pushed[] {
  const file = join(folder, "seed.json");
  const images = JSON.parse(readFileSync(file, "utf8")) as readonly Pushed[];
  if (images.length === 0) throw new Error(`${file} names no image`);
  return images;
}
