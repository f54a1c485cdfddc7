/** The mover and its peers as commands: Debian's swift client and rclone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { moverEnvironment, type MoverSettings } from "../migrator/contract";
import { cloudSettings, type TestCloud } from "../test/migrator/support/cloud";
import { moverProgram, scratchFolder } from "../test/migrator/support/mover";
import { generatedVolume } from "./generated/preload";
import type { Shape } from "./generated/shape";
import type { Command } from "./measure";

/** The mover with its own defaults, as in its Pod; `settings` are what a test of the benchmark itself may need. */
export function mover(
  cloud: TestCloud,
  settings: Pick<MoverSettings, "mode" | "root" | "container"> & Partial<MoverSettings>,
): Command {
  const folder = scratchFolder("bench-");
  const password = join(folder, "password");
  const file = join(folder, "settings.json");
  writeFileSync(password, cloud.password, { mode: 0o600 });
  writeFileSync(
    file,
    JSON.stringify({ cloud: cloudSettings(cloud, password), ...settings } satisfies MoverSettings),
  );
  return { command: process.execPath, args: [moverProgram(), "--settings", file], env: moverEnvironment };
}

/** The mover on a generated volume (bench/generated), which no disk holds. */
export function moverOnGenerated(
  cloud: TestCloud,
  shape: Shape,
  settings: Pick<MoverSettings, "mode" | "container">,
): Command {
  const { root, env } = generatedVolume(shape);
  const command = mover(cloud, { ...settings, root });
  return { ...command, env: { ...command.env, ...env } };
}

/** GNU find asking each file for its size, and nothing else: what the volume's own answers cost. */
export function find(root: string): Command {
  // No registry has a file of a tebibyte: nothing is printed, all are asked.
  return { command: "find", args: [join(root, "docker"), "-type", "f", "-size", "+1024G"] };
}

const openstack = (cloud: TestCloud) => ({
  OS_AUTH_URL: cloud.authUrl,
  OS_USERNAME: cloud.username,
  OS_PASSWORD: cloud.password,
  OS_PROJECT_NAME: cloud.projectName,
  OS_USER_DOMAIN_NAME: "Default",
  OS_PROJECT_DOMAIN_NAME: "Default",
  OS_REGION_NAME: "RegionOne",
  OS_IDENTITY_API_VERSION: "3",
  OS_AUTH_VERSION: "3",
});

/** python-swiftclient, as the page that this project replaces has it. */
export function swiftUpload(
  cloud: TestCloud,
  root: string,
  container: string,
  ...options: string[]
): Command {
  return {
    command: "swift",
    args: ["--quiet", "upload", ...options, "--object-name", "files", container, "."],
    cwd: root,
    env: openstack(cloud),
  };
}

export function rclone(
  cloud: TestCloud,
  verb: "copy" | "sync",
  root: string,
  container: string,
  ...options: string[]
): Command {
  return rcloneWith(cloud, [verb, root, `lab:${container}/files`, ...options]);
}

/** From the container to a folder. */
export function rcloneBack(cloud: TestCloud, container: string, root: string): Command {
  return rcloneWith(cloud, ["copy", `lab:${container}/files`, root]);
}

function rcloneWith(cloud: TestCloud, args: readonly string[]): Command {
  return {
    command: "rclone",
    args: [...args, "--transfers", "32", "--checkers", "32", "--config", "/dev/null"],
    env: {
      RCLONE_CONFIG_LAB_TYPE: "swift",
      RCLONE_CONFIG_LAB_AUTH: cloud.authUrl,
      RCLONE_CONFIG_LAB_USER: cloud.username,
      RCLONE_CONFIG_LAB_KEY: cloud.password,
      RCLONE_CONFIG_LAB_TENANT: cloud.projectName,
      RCLONE_CONFIG_LAB_DOMAIN: "Default",
      RCLONE_CONFIG_LAB_TENANT_DOMAIN: "Default",
      RCLONE_CONFIG_LAB_REGION: "RegionOne",
      RCLONE_CONFIG_LAB_AUTH_VERSION: "3",
    },
  };
}
