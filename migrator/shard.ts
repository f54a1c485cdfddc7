import type { ByteString } from "../swift/bytes";
import { digestOfBlob, kindOf, repositoryOf } from "./volume/layout";

/** One of `count` parts of a registry's blobs and links; `index` from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

const form = /^(\d{1,3})\/(\d{1,3})$/;

/** `0/4`; undefined when it is none, or when there is no such part. */
export function parseShard(text: unknown): Shard | undefined {
  const match = typeof text === "string" ? form.exec(text) : null;
  if (match === null) return undefined;
  const [index, count] = [Number(match[1]), Number(match[2])];
  return index < count ? { index, count } : undefined;
}

/**
 * Tells whether a name belongs to a shard: a blob by the range its digest is in, a link by a hash of its repository's
 * name, so that the shards are of like size and each repository is whole in one. Every blob and link is in exactly one;
 * a tag is in none, because what it leads to may be in any: tags are copied when all shards have ended.
 */
export function membership({ index, count }: Shard): (name: ByteString) => boolean {
  const mine = (hash: number): boolean => Math.floor((hash / 2 ** 32) * count) === index;
  // Names come in order: a repository's are asked for one after another.
  let repository: ByteString | undefined;
  let isMine = false;
  return (name) => {
    const digest = digestOfBlob(name);
    if (digest !== undefined) return mine(parseInt(digest.slice(7, 15), 16));
    if (kindOf(name) === "tag") return false;
    const its = repositoryOf(name) ?? name;
    if (its !== repository) {
      repository = its;
      isMine = mine(hashOf(its));
    }
    return isMine;
  };
}

/**
 * Tells of a folder whether anything of a shard is in it, so that the others need not be walked. Of folders that do not tell
 * it is true.
 */
export function folderMembership({ index, count }: Shard): (folder: ByteString) => boolean {
  const shardOf = (hash: number): number => Math.floor((hash / 2 ** 32) * count);
  return (folder) => {
    const prefix = /^blobs\/sha256\/([0-9a-f]{2})\/$/.exec(folder)?.[1];
    if (prefix !== undefined) {
      const first = parseInt(prefix, 16) * 2 ** 24;
      return shardOf(first) <= index && index <= shardOf(first + 2 ** 24 - 1);
    }
    const repository = repositoryOf(folder);
    if (repository === undefined) return true;
    return shardOf(hashOf(repository)) === index && kindOf(folder) !== "tag";
  };
}

/** 32 bits that depend on every byte: FNV-1a, with its bits mixed once more, because ranges go by the upper ones. */
function hashOf(text: ByteString): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
