/**
 * Packs the program, without tests, into an archive that `npm ci --omit=dev && npx pulumi up` works from, unpacks it
 * elsewhere and sees that it does. It packs the commit, not the folder, and the same commit gives the same bytes.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { execFileSync, spawnSync } from "node:child_process";
import { command, runAsCommand } from "./command";
import { typescript } from "./node";
import { program } from "./program";

const usage = `npm run release -- [--pack] [--out FOLDER]
  --pack  pack only; otherwise the archive is also unpacked, installed with npm ci --omit=dev and loaded
  --out   where the archive goes (default dist)`;

/** Beside the program: what its user reads, and what helps when something goes wrong (npm run plan, npm run step). */
export const companions = [
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "docs",
  "examples",
  "scripts",
];

const root = join(__dirname, "..");

const line = {
  options: {
    pack: { type: "boolean", default: false },
    out: { type: "string", default: join(root, "dist") },
  },
} as const;

const releaseCommand = command(usage, line, ({ values }, print) => {
  const uncommitted = git("status", "--porcelain", "--", ...program, ...companions).trim();
  if (uncommitted !== "")
    throw new Error(`a release is packed from a commit; commit or stash first:\n${uncommitted}`);
  const archive = pack(resolve(values.out));
  const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
  print(`${archive}\nsha256 ${sha256}, of commit ${git("rev-parse", "HEAD").trim()}`);
  if (!values.pack) print(tryOut(archive));
  return 0;
});

/** Packs HEAD; answers the archive's path. */
function pack(folder: string): string {
  const name = `image-registry-swift-${versionOf(root)}`;
  const archive = join(folder, `${name}.tar.gz`);
  mkdirSync(folder, { recursive: true });
  git(
    "archive",
    "--format=tar.gz",
    `--prefix=${name}/`,
    "-o",
    archive,
    "HEAD",
    "--",
    ...program,
    ...companions,
  );
  return archive;
}

/** Installs the archive elsewhere, as its user would, and lets the program refuse a cluster that is not there. */
function tryOut(archive: string): string {
  const folder = mkdtempSync(join(tmpdir(), "image-registry-swift-release-"));
  try {
    execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"]);
    execFileSync("npm", ["ci", "--omit=dev"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    if (!existsSync(join(folder, "node_modules", ".bin", "pulumi")))
      throw new Error("npm ci --omit=dev installs no pulumi: npx pulumi would download another version");
    return `installed with npm ci --omit=dev, it loads and refuses:\n${refusal(folder)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the program in this folder says without a cluster; it has then loaded all that it is made of. */
export function refusal(folder: string): string {
  const kubeconfig = join(folder, "nowhere.kubeconfig");
  const ended = spawnSync(process.execPath, [...typescriptOf(folder), "scripts/load.ts"], {
    cwd: folder,
    encoding: "utf8",
    env: {
      HOME: folder,
      PATH: [join(folder, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
      KUBECONFIG: kubeconfig,
    },
  });
  if (ended.status !== 0)
    throw new Error(`the unpacked program does not load:\n${ended.stdout}${ended.stderr}`);
  return ended.stdout.trim();
}

/** The preload of the unpacked program, not of this one: it must find its compiler among its own packages. */
function typescriptOf(folder: string): readonly string[] {
  return typescript.map((each) => each.replace(root, folder));
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string }).version;
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" });
}

if (require.main === module) void runAsCommand(releaseCommand);
