import { createHash } from "node:crypto";
import { fromText, toText, type ByteString } from "../../swift/bytes";
import { MoverError } from "../errors";
import { segmentPrefix } from "../volume/layout";
import { parsePage, type ListedObject } from "../../swift/listing";
import type { ObjectStore } from "../../swift/container";

/**
 * Where the segments of a large object lie: `segments/<3 hex>/<37 hex>`, as the registry's Swift driver has it. The 40
 * digits are the beginning of the blob's digest, so an interrupted run finds its segments again; `turn` 1 gives the
 * other place, for when a manifest refers to the first.
 */
export function segmentsOf(name: ByteString, digest: string | undefined, turn: 0 | 1 = 0): ByteString {
  const first = digest?.slice(digest.indexOf(":") + 1) ?? sha256(name);
  const hex = turn === 0 ? first : sha256(`${first}/${turn}`);
  return `${segmentPrefix}${hex.slice(0, 3)}/${hex.slice(3, 40)}`;
}

function sha256(text: ByteString): string {
  return createHash("sha256").update(text, "latin1").digest("hex");
}

/**
 * Where new segments may be written and removed while `manifest` (of the object there is) stays as readable as it was:
 * segments below a manifest that everyone sees are never touched.
 */
export function freeSegments(
  store: ObjectStore,
  name: ByteString,
  digest: string | undefined,
  manifest: ByteString | undefined,
): ByteString {
  const first = segmentsOf(name, digest);
  return manifest?.replace(/\/$/, "") === manifestOf(store, first) ? segmentsOf(name, digest, 1) : first;
}

/** What X-Object-Manifest says of segments under that prefix. */
export function manifestOf(store: ObjectStore, prefix: ByteString): ByteString {
  return `${fromText(store.container)}/${prefix}`;
}

/**
 * Whether an object can be reached by the registry's temporary URLs: a large object whose segments are in another
 * container cannot, their key is the container's (401 on redirected pulls).
 */
export function isReachable(store: ObjectStore, manifest: ByteString | undefined): boolean {
  return manifest === undefined || manifest.startsWith(manifestOf(store, ""));
}

/** The name of a segment; numbers start at 1. */
export function segmentName(prefix: ByteString, number: number): ByteString {
  return `${prefix}/${String(number).padStart(16, "0")}`;
}

/** The objects under a prefix, page by page; names come whole. */
async function* pagesUnder(
  store: ObjectStore,
  prefix: ByteString,
): AsyncGenerator<ListedObject[], void, undefined> {
  let marker: ByteString | undefined;
  for (;;) {
    const page = parsePage(await store.list({ prefix, ...(marker === undefined ? {} : { marker }) }), "");
    if (page.length === 0) return;
    // A server that ignores the marker would be asked for ever.
    if (marker !== undefined && !(page[0]!.name > marker))
      throw new MoverError("unreachable", `the listing of ${toText(prefix)} repeats itself; run it again`);
    marker = page.at(-1)!.name;
    yield page;
  }
}

/** All objects under a prefix that is known to hold few; names come back whole. */
export async function listAll(store: ObjectStore, prefix: ByteString): Promise<ListedObject[]> {
  const all: ListedObject[] = [];
  for await (const page of pagesUnder(store, prefix)) all.push(...page);
  return all;
}

/**
 * Removes segments that no manifest refers to and answers how many stay: what is removed is what an interrupted run
 * left of a blob that is gone since, what a replaced large object consisted of, or what a deleted one did.
 * `manifests` holds `<container>/<prefix>` of every large object of the registry, read after the copy. Only
 * names of the registry's own form are touched. `onDelete` gets the bytes of each that goes.
 */
export async function removeOrphans(
  store: ObjectStore,
  manifests: ReadonlySet<ByteString>,
  onDelete: (bytes: number) => void = () => undefined,
): Promise<number> {
  const own = manifestOf(store, "");
  const used = new Set(
    [...manifests].filter((m) => m.startsWith(own)).map((m) => m.slice(own.length).replace(/\/$/, "")),
  );
  let kept = 0;
  for await (const page of pagesUnder(store, segmentPrefix))
    for (const { name, bytes } of page) {
      const match = /^(segments\/[0-9a-f]{3}\/[0-9a-f]{37})\/[0-9]{16}$/.exec(name);
      if (match && !used.has(match[1]!)) {
        if (await store.delete(name)) onDelete(bytes);
      } else kept++;
    }
  return kept;
}
