import { readFileSync } from "node:fs";
import { toPath, toText, type ByteString } from "./bytes";
import { blobPathOf, repositoryOf } from "./layout";
import { walkRegistry } from "./walk";

/** Manifests larger than this are none. */
const largestManifest = 8 * 1024 * 1024;
const digestPattern = /sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})/g;

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
      repository?.tell(base, digests, users);
      repository = new Repository(name);
    }
    repository.see(base, file.name);
  }
  repository?.tell(base, digests, users);
  return new Map([...users].map(([digest, set]) => [digest, [...set].sort()]));
}

class Repository {
  private readonly layers = new Set<string>();
  private readonly revisions = new Set<string>();
  private readonly tags = new Map<string, string>();

  constructor(readonly name: ByteString) {}

  see(base: ByteString, path: ByteString): void {
    const link = /\/(_layers|_manifests\/revisions)\/(sha256|sha512)\/([0-9a-f]+)\/link$/.exec(path);
    if (link) (link[1] === "_layers" ? this.layers : this.revisions).add(`${link[2]}:${link[3]}`);
    const tag = /\/_manifests\/tags\/([^/]+)\/current\/link$/.exec(path);
    if (tag) {
      const content = readText(base + path, 1024);
      if (content !== undefined) this.tags.set(content.trim(), tag[1]!);
    }
  }

  tell(base: ByteString, digests: ReadonlySet<string>, users: Map<string, Set<string>>): void {
    const used = [...digests].filter((digest) => this.layers.has(digest) || this.revisions.has(digest));
    if (used.length === 0) return;
    const parts = new Map<string, ReadonlySet<string>>();
    for (const revision of this.revisions) {
      const text = readText(base + blobPathOf(revision), largestManifest);
      parts.set(revision, new Set(text?.match(digestPattern)));
    }
    for (const digest of used) {
      const reached = new Set<string>(this.revisions.has(digest) ? [digest] : []);
      // An index refers to manifests, which refer to layers: as many rounds as there are levels.
      for (let before = -1; before !== reached.size;) {
        before = reached.size;
        for (const [revision, refers] of parts)
          if (refers.has(digest) || [...reached].some((one) => refers.has(one))) reached.add(revision);
      }
      const names = [...reached].map((revision) => {
        const tag = this.tags.get(revision);
        return tag === undefined ? `${toText(this.name)}@${revision}` : toText(`${this.name}:${tag}`);
      });
      const tagged = names.filter((name) => !name.includes("@"));
      const set = users.get(digest)!;
      for (const name of tagged.length > 0 ? tagged : names.length > 0 ? names : [toText(this.name)])
        set.add(name);
    }
  }
}

function readText(path: ByteString, limit: number): string | undefined {
  try {
    const bytes = readFileSync(toPath(path));
    return bytes.length > limit ? undefined : bytes.toString("latin1");
  } catch {
    // Gone or unreadable: the copy reports it, here it only means one hint less.
    return undefined;
  }
}
