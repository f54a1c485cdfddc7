/**
 * The registry's volume as it lies on the lab's disk: what is in it, kept aside and brought back between scenarios.
 */
import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { chown, copyFile, lstat, mkdir, readdir, rm, chmod, utimes } from "node:fs/promises";
import { join } from "node:path";

export interface TreeFile {
  /** Path below the volume's root, with a leading slash. */
  readonly path: string;
  readonly bytes: number;
}

/** Files of a folder, without uploads and lost+found, in the order of their UTF-8 bytes. */
export async function files(root: string): Promise<TreeFile[]> {
  const found: TreeFile[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== "_uploads" && path !== "/lost+found") await walk(path);
      } else found.push({ path, bytes: (await lstat(join(root, path))).size });
    }
  };
  await walk("");
  return found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

export async function md5(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/**
 * Makes `to` the same as `from`: contents, owners, modes and times. Only what differs is written, so that a large layer
 * costs nothing; a file of equal size and time is the same file, since only this function sets times.
 */
export async function mirror(from: string, to: string): Promise<void> {
  const stat = async (path: string): Promise<Stats | undefined> => lstat(path).catch(() => undefined);
  const source = await lstat(from);
  await mkdir(to, { recursive: true });
  const names = new Set(await readdir(from));
  for (const name of await readdir(to))
    if (!names.has(name)) await rm(join(to, name), { recursive: true, force: true });
  for (const name of names) {
    const [a, b] = [join(from, name), join(to, name)];
    const [sa, sb] = [await lstat(a), await stat(b)];
    if (sa.isDirectory()) {
      if (sb !== undefined && !sb.isDirectory()) await rm(b, { force: true });
      await mirror(a, b);
      continue;
    }
    const same =
      sb?.isFile() === true && sb.size === sa.size && Math.floor(sb.mtimeMs) === Math.floor(sa.mtimeMs);
    if (!same) {
      await rm(b, { recursive: true, force: true });
      await copyFile(a, b);
      await utimes(b, sa.atime, sa.mtime);
    }
    const owned = await lstat(b);
    if (owned.uid !== sa.uid || owned.gid !== sa.gid) await chown(b, sa.uid, sa.gid);
    if (owned.mode !== sa.mode) await chmod(b, sa.mode & 0o7777);
  }
  await chown(to, source.uid, source.gid);
  await chmod(to, source.mode & 0o7777);
}
