import * as fs from "node:fs";
import { toPath, type ByteString } from "../../swift/bytes";
import { errnoOf } from "../errors";

/** Owner and mode of the tree's own folder: what is made in it must be as open to the registry as the tree is. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The rights of `base`, or of the first folder above it that exists, up to `root`. */
export function rightsOf(root: ByteString, base: ByteString): Rights {
  for (let at = base; at.length >= root.length; at = at.slice(0, at.lastIndexOf("/", at.length - 2) + 1)) {
    const stats = fs.lstatSync(toPath(at), { throwIfNoEntry: false });
    if (stats) return { uid: stats.uid, gid: stats.gid, mode: stats.mode };
    if (at === "/") break;
  }
  return { uid: -1, gid: -1, mode: 0o755 };
}

/** Gives a new folder or file the tree's rights, whatever the umask; a file is never executable. */
export function giveRights(path: ByteString, { uid, gid, mode }: Rights, kind: "folder" | "file"): void {
  const target = toPath(path);
  if (uid >= 0) giveOwner(target, uid, gid);
  // After the owner: changing that takes the set-group-ID bit away.
  fs.chmodSync(target, kind === "folder" ? mode & 0o7777 : (mode & 0o666) | 0o600);
}

/**
 * Only root may give files away. Others may give them to a group that they are in, and in a Pod that is the volume's
 * group (fsGroup): what belongs to that group is what the registry's Pod can write, whatever user it runs as.
 */
function giveOwner(target: string | Buffer, uid: number, gid: number): void {
  const isRoot = process.getuid?.() === 0;
  try {
    fs.chownSync(target, isRoot ? uid : -1, gid);
  } catch (error) {
    if (isRoot || errnoOf(error) !== "EPERM") throw error;
  }
}
