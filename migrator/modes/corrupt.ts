import { readFileSync } from "node:fs";
import { toPath, toText, type ByteString } from "../../swift/bytes";
import type { Run } from "../context";
import { blobPathOf, repositoryOf } from "../volume/layout";
import { walkRegistry } from "../volume/walk";

/** A larger file is no manifest. */
const largestManifest = 8 * 1024 * 1024;
const digestPattern = /sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})/g;

/**
 * What repairs a corrupt blob on the volume. Pushing alone does not: clients ask by HEAD, find the blob there and skip
 * it, and the registry's Pod keeps a cache of the blobs that exist.
 */
export const mendCorrupt =
  "delete the file of each on the volume, restart the registry's Pod and push the images again, or set corruptBlobs to skip";

const found = new WeakMap<Run, { readonly of: number; readonly users: Map<string, string[]> }>();

/** The users of the blobs that this run found to be corrupt; looked for once, since it reads every affected manifest. */
export function usersOfCorrupt(run: Run): Map<string, string[]> {
  const known = found.get(run);
  if (known?.of === run.corrupt.size) return known.users;
  const digests = new Set([...run.corrupt.values()].map(({ digest }) => digest));
  const users = usersOfBlobs(run.settings.root, run.base, digests);
  found.set(run, { of: run.corrupt.size, users });
  return users;
}

/**
 * Which tags and repositories use the given blobs, so that someone can push them again: `repository:tag`
 * where a tag leads to it, `repository@digest` for a manifest without a tag, else the repository alone.
 * Walks the repositories of the volume once; called only when something is corrupt.
 */
export function usersOfBlobs(
  root: string,
  base: ByteString,
  digests: ReadonlySet<string>,
): Map<string, string[]> {
  const users = new Map<string, Set<string>>([...digests].map((digest) => [digest, new Set()]));
  let repository: Repository | undefined;
  for (const file of walkRegistry({ root, under: "repositories/", onProblem: () => undefined })) {
    const name = repositoryOf(file.name);
    if (name === undefined) continue;
    if (repository?.name !== name) {
      repository?.tell(base, users);
      repository = new Repository(name);
    }
    repository.see(base, file.name, digests);
  }
  repository?.tell(base, users);
  return new Map([...users].map(([digest, set]) => [digest, [...set].sort()]));
}

class Repository {
  /** The wanted digests that this repository links to. */
  private readonly used = new Set<string>();
  private readonly revisions = new Set<string>();
  private readonly tags = new Map<string, string[]>();

  constructor(readonly name: ByteString) {}

  see(base: ByteString, path: ByteString, digests: ReadonlySet<string>): void {
    const link = /\/(_layers|_manifests\/revisions)\/(sha256|sha512)\/([0-9a-f]+)\/link$/.exec(path);
    if (link) {
      const digest = `${link[2]}:${link[3]}`;
      if (digests.has(digest)) this.used.add(digest);
      if (link[1] !== "_layers") this.revisions.add(digest);
    }
    const tag = /\/_manifests\/tags\/([^/]+)\/current\/link$/.exec(path)?.[1];
    if (tag === undefined) return;
    const revision = readText(base + path, 1024)?.trim();
    if (revision !== undefined) this.tags.set(revision, [...(this.tags.get(revision) ?? []), tag]);
  }

  tell(base: ByteString, users: Map<string, Set<string>>): void {
    if (this.used.size === 0) return;
    /** Revisions by what they refer to. */
    const referring = new Map<string, string[]>();
    for (const revision of this.revisions) {
      const text = readText(base + blobPathOf(revision), largestManifest);
      for (const digest of new Set(text?.match(digestPattern))) {
        if (!this.used.has(digest) && !this.revisions.has(digest)) continue;
        const list = referring.get(digest);
        if (list) list.push(revision);
        else referring.set(digest, [revision]);
      }
    }
    for (const digest of this.used) {
      const reached = new Set<string>(this.revisions.has(digest) ? [digest] : []);
      // An index refers to manifests, which refer to layers. What is added to the set is visited, too.
      for (const revision of referring.get(digest) ?? []) reached.add(revision);
      for (const one of reached) for (const revision of referring.get(one) ?? []) reached.add(revision);
      const tagged: string[] = [];
      const others: string[] = [];
      for (const revision of reached) {
        const tags = this.tags.get(revision);
        if (tags) for (const tag of tags) tagged.push(toText(`${this.name}:${tag}`));
        else others.push(`${toText(this.name)}@${revision}`);
      }
      const set = users.get(digest)!;
      for (const name of tagged.length > 0 ? tagged : others.length > 0 ? others : [toText(this.name)])
        set.add(name);
    }
  }
}

function readText(path: ByteString, limit: number): string | undefined {
  try {
    const bytes = readFileSync(toPath(path));
    return bytes.length > limit ? undefined : bytes.toString("latin1");
  } catch {
    // The file is gone or unreadable. The copy reports that; here it only means one hint less.
    return undefined;
  }
}
