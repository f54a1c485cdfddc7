import { createHash } from "node:crypto";
import { fromText, toText, type ByteString } from "../../swift/bytes";
import { MoverError } from "../errors";
import { segmentPrefix } from "../volume/layout";
import { parsePage, type ListedObject } from "../../swift/listing";
import type { ObjectHead, ObjectStore } from "../../swift/store";
import { Allowance } from "../allowance";
import { PhasedQueue } from "../queue";
import { driverPrefixOf, type NamesInUse } from "./form";
import { defined } from "../../swift/defined";

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
    const page = parsePage(await store.list({ prefix, ...defined({ marker }) }), "");
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
 * The segments of a prefix by their names, whatever listings show: from number 1 to the first that is not there.
 * Together they are what a large object of the registry's form holds once its listing is complete.
 */
export async function segmentsByName(store: ObjectStore, prefix: ByteString): Promise<readonly ObjectHead[]> {
  const found: ObjectHead[] = [];
  for (let number = 1; ; number++) {
    const head = await store.head(segmentName(prefix.replace(/\/$/, ""), number));
    if (head === undefined) return found;
    found.push(head);
  }
}

/**
 * Removes segments that no manifest refers to and answers how many stay: what is removed is what an interrupted run
 * left of a blob that is gone since, what a replaced large object consisted of, or what a deleted one did.
 * `inUse` holds every large object of the registry, read after the copy. Only names of the registry's own form are
 * touched. `onDelete` gets the bytes of each that goes; so many deletions run at a time.
 */
export async function removeOrphans(
  store: ObjectStore,
  inUse: NamesInUse,
  allowance = new Allowance(1),
  onDelete: (bytes: number) => void = () => undefined,
): Promise<number> {
  let kept = 0;
  const queue = new PhasedQueue<ListedObject>(allowance, async ({ name, bytes }) => {
    if (await store.delete(name)) onDelete(bytes);
  });
  for await (const page of pagesUnder(store, segmentPrefix))
    for (const object of page)
      if (driverPrefixOf(object.name) === undefined || inUse.has(object.name)) kept++;
      else {
        queue.push(object, 0);
        await queue.room(4 * allowance.most);
      }
  await queue.idle();
  return kept;
}
