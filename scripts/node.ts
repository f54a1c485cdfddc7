import { join } from "node:path";

/** Arguments for Node.js, before the path of a TypeScript file of this project (or `-e`) that runs as a process of its own. */
export const typescript: readonly string[] = ["-r", join(__dirname, "typescript.js")];
