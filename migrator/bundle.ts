import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";

/** The mover in one file, for a ConfigMap or a container image. */
export interface MoverBundle {
  /** The program: CommonJS for Node 22 and later. Worker threads start from the same file. */
  readonly code: string;
  /** Of `code`, in hex. */
  readonly sha256: string;
  /** Licence texts of what is bundled besides the project's own code. */
  readonly licences: string;
}

/** A ConfigMap holds 1 MiB in all. */
export const largestBundle = 1024 * 1024;

/**
 * The oldest Node.js that the bundle runs on (undici 8). The bundle checks it itself: an older one would fail at the
 * first missing function.
 */
const oldestNode = [22, 19] as const;
const versionCheck = `"use strict";{const[a,b]=process.versions.node.split(".").map(Number);if(a<${oldestNode[0]}||(a===${oldestNode[0]}&&b<${oldestNode[1]})){process.stderr.write("the mover needs Node.js ${oldestNode.join(".")} or later, this is "+process.version+"; set migratorImage to an image that has it\\n");process.exit(2)}}`;

let made: MoverBundle | undefined;

/** Bundles the mover; the same sources give the same bytes, wherever they lie. */
export function bundleMover(): MoverBundle {
  made ??= build();
  return made;
}

function build(): MoverBundle {
  const project = join(__dirname, "..");
  const result = buildSync({
    absWorkingDir: project,
    entryPoints: ["migrator/main.ts"],
    outfile: "migrator/dist/migrator.js",
    bundle: true,
    write: false,
    minify: true,
    metafile: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    // Only ASCII, with escapes: U+0085 in a ConfigMap does not come back from the API server, and would be a change
    // each time.
    charset: "ascii",
    legalComments: "none",
    banner: { js: versionCheck },
    logLevel: "silent",
  });
  const packages = new Set<string>();
  for (const input of Object.keys(result.metafile.inputs)) {
    const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]!);
  }
  const licences = [...packages]
    .sort()
    .map((name) => licenceOf(project, name))
    .join("\n");
  const names = [...packages].sort().join(", ");
  const code = `/* Contains ${names}; their licences are in LICENCES.txt beside this file. */\n${result.outputFiles[0]!.text}`;
  if (Buffer.byteLength(code) > largestBundle)
    throw new Error(
      `the mover's bundle has ${Buffer.byteLength(code)} bytes, a ConfigMap holds ${largestBundle}`,
    );
  return { code, sha256: createHash("sha256").update(code).digest("hex"), licences };
}

function licenceOf(project: string, name: string): string {
  const folder = join(project, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE"]
    .map((f) => join(folder, f))
    .find(existsSync);
  if (!file) throw new Error(`${name} has no licence file`);
  return `${name} ${version}\n\n${readFileSync(file, "utf8").trim()}\n`;
}

if (require.main === module) {
  const { code, sha256, licences } = bundleMover();
  const out = join(__dirname, "dist", "migrator.js");
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, code);
  writeFileSync(join(__dirname, "dist", "LICENCES.txt"), licences);
  process.stdout.write(`${out}: ${Buffer.byteLength(code)} bytes, sha256 ${sha256}\n`);
}
