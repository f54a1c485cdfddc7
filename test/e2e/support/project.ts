import { resolve } from "node:path";

/** The project's own folder. */
export const projectRoot = resolve(__dirname, "..", "..", "..");
