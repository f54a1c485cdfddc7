/** A claim that nodes share, as one on NFS. */
import { existsSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import type { World } from "./world";

/** The lab's kernel may have no NFS: what `mount -t nfs` calls mounts the folder of the same path instead. */
const helper = "/sbin/mount.nfs";
const helperText = '#!/bin/sh\nexec mount --bind "${1#*:}" "$2"\n';

/** Why this machine cannot have one. */
export const whyNoSharedClaim = existsSync(helper)
  ? `this machine mounts NFS with a ${helper} of its own`
  : undefined;

/** Makes the registry's claim one that nodes share, for the time of the story. */
export async function onSharedClaim(world: World, story: () => Promise<void>): Promise<void> {
  await writeFile(helper, helperText);
  await chmod(helper, 0o755);
  try {
    await world.replaceClaim(["ReadWriteMany"], ({ local, nodeAffinity: _anywhere, ...rest }) => ({
      ...rest,
      nfs: { server: "127.0.0.1", path: local.path },
    }));
    await world.onVolume();
    await story();
  } finally {
    await rm(helper, { force: true });
  }
}
