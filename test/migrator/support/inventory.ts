/** An oracle for what a container must hold: the plainest walk and the plainest listing, compared name by name. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SwiftStandin } from "../swift-standin/server";

/** Content of each object of a container by its name: what a client would read. */
export type Objects = ReadonlyMap<string, Buffer>;

/** What the registry's files would be as objects. */
export function expectedObjects(root: string): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  const visit = (folder: Buffer, name: Buffer): void => {
    // A volume without a registry holds nothing: not an error of the comparison.
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { encoding: "buffer" })) {
      if (["_uploads", "lost+found"].includes(entry.toString())) continue;
      const path = Buffer.concat([folder, Buffer.from("/"), entry]);
      const below = Buffer.concat([name, Buffer.from("/"), entry]);
      const stats = lstatSync(path);
      if (stats.isDirectory()) visit(path, below);
      else if (stats.isFile()) found.set(below.toString(), readFileSync(path));
    }
  };
  visit(Buffer.from(join(root, "docker/registry/v2")), Buffer.from("files/docker/registry/v2"));
  return found;
}

/** All objects below `files/` in the stand-in, large ones as a client reads them; and the names of all segments. */
export function standinObjects(
  standin: SwiftStandin,
  container: string,
): { objects: Map<string, Buffer>; segments: string[] } {
  const held = standin.containers.get(container);
  const objects = new Map<string, Buffer>();
  const segments: string[] = [];
  for (const [bytes, object] of held?.objects ?? []) {
    const name = Buffer.from(bytes, "latin1").toString();
    if (name.startsWith("segments/")) segments.push(name);
    else if (object.manifest === undefined) objects.set(name, object.body ?? Buffer.alloc(0));
    else {
      const prefix = object.manifest.slice(object.manifest.indexOf("/") + 1);
      objects.set(
        name,
        Buffer.concat(
          held?.segmentRows(prefix).map((row) => held.objects.get(row.name)?.body ?? Buffer.alloc(0)) ?? [],
        ),
      );
    }
  }
  return { objects, segments: segments.sort() };
}

/** Names whose content differs, that are missing or too many; empty when both are equal. */
export function differences(expected: Objects, actual: Objects): string[] {
  const out: string[] = [];
  for (const [name, content] of expected) {
    const there = actual.get(name);
    if (there === undefined) out.push(`missing: ${name}`);
    else if (!there.equals(content)) out.push(`differs: ${name}`);
  }
  for (const name of actual.keys()) if (!expected.has(name)) out.push(`too many: ${name}`);
  return out.sort();
}

/**
 * Objects under a blob's name whose content is not that blob: what must never exist, whatever happens to a run.
 * Links of layers, revisions and tag indexes are checked by their path in the same way.
 */
export function wrongUnderRightName(actual: Objects): string[] {
  const wrong: string[] = [];
  for (const [name, content] of actual) {
    const blob = /\/blobs\/sha256\/[0-9a-f]{2}\/([0-9a-f]{64})\/data$/.exec(name)?.[1];
    const link = /\/sha256\/([0-9a-f]{64})\/link$/.exec(name)?.[1];
    if (blob !== undefined && createHash("sha256").update(content).digest("hex") !== blob) wrong.push(name);
    if (link !== undefined && content.toString() !== `sha256:${link}`) wrong.push(name);
  }
  return wrong;
}

/**
 * Links that lead to a blob the container lacks although the volume has it, whole: none, at any moment. (What is
 * broken on the volume already is not made worse by a copy.)
 */
export function dangling(actual: Objects, volume: Objects): string[] {
  const out: string[] = [];
  const blobName = (hex: string) => `files/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
  for (const [name, content] of actual) {
    const link = /^sha256:([0-9a-f]{64})/.exec(content.toString("latin1", 0, 71))?.[1];
    if (!name.endsWith("/link") || link === undefined || actual.has(blobName(link))) continue;
    const source = volume.get(blobName(link));
    if (source !== undefined && createHash("sha256").update(source).digest("hex") === link) out.push(name);
  }
  return out;
}
