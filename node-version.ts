/**
 * Imported first: an older Node.js fails inside some library with a stack trace that tells nobody what is wrong.
 * `pulumi up` runs whatever `node` is on PATH; `npx pulumi up` the project's own.
 */
import { RunError } from "@pulumi/pulumi";
import { engines } from "./package.json";

/** Whether `version` (`20.11.0`) is at least `wanted` (`>=22.19`). */
export function isNewEnough(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.replace(/^\D+/, "").split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

if (!isNewEnough(process.versions.node, engines.node)) {
  throw new RunError(
    `Node.js ${process.versions.node} is too old: this program needs ${engines.node}, and ${process.execPath} is the first ` +
      "on PATH. Run it with the project's own: npx pulumi up (after npm ci)",
  );
}
