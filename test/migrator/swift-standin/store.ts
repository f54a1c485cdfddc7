/** What a Swift account holds, in memory. Names are byte strings (latin1 of their UTF-8), so that `<` is Swift's order. */
import { createHash } from "node:crypto";

export interface StoredObject {
  readonly size: number;
  /** Hex MD5 of the body. */
  readonly etag: string;
  /** Absent where bodies are thrown away: sizes and hashes stay true. */
  readonly body?: Buffer;
  /** Value of X-Object-Manifest, percent-decoded, as a byte string. */
  readonly manifest?: string;
  /** `<container>/<name>` of each segment: a static large object. `size` and `etag` are the whole's. */
  readonly slo?: readonly string[];
  readonly contentType: string;
  readonly modified: Date;
  readonly meta: Readonly<Record<string, string>>;
}

/** An object as a client would have put it. */
export function plainObject(
  content: Buffer | string,
  contentType = "application/octet-stream",
): StoredObject {
  const body = Buffer.from(content);
  const etag = createHash("md5").update(body).digest("hex");
  return { size: body.length, etag, body, contentType, modified: new Date(), meta: {} };
}

/** What a listing shows of one object. */
export interface Entry {
  readonly name: string;
  readonly size: number;
  readonly etag: string;
  readonly contentType: string;
  readonly modified: Date;
  /** ETag of a static large object. */
  readonly sloEtag?: string;
}

export interface ListingQuery {
  readonly prefix: string;
  readonly marker: string;
  readonly endMarker: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly reverse: boolean;
}

export type Row = Entry | { readonly subdir: string };

/** Byte strings, sorted, with search and insertion by halving. */
class SortedNames {
  private names: string[] = [];

  /** First position whose name is not below `name`. */
  lower(name: string): number {
    let low = 0;
    let high = this.names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.names[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(index: number): string | undefined {
    return this.names[index];
  }

  get length(): number {
    return this.names.length;
  }

  add(name: string): void {
    const last = this.names[this.names.length - 1];
    if (last === undefined || last < name) this.names.push(name);
    else {
      const at = this.lower(name);
      if (this.names[at] !== name) this.names.splice(at, 0, name);
    }
  }

  remove(name: string): void {
    const at = this.lower(name);
    if (this.names[at] === name) this.names.splice(at, 1);
  }
}

export class Container {
  readonly created = new Date();
  readonly meta: Record<string, string> = {};
  readonly objects = new Map<string, StoredObject>();
  bytes = 0;
  /** What listings show: behind `objects` by the lag. */
  private readonly listed = new Map<string, Entry>();
  private readonly names = new SortedNames();
  private readonly pending: { due: number; name: string; entry: Entry | undefined }[] = [];

  /** `lagMs`: how long a listing does not show a change. */
  constructor(private readonly lagMs: () => number) {}

  put(name: string, object: StoredObject): void {
    this.bytes += object.size - (this.objects.get(name)?.size ?? 0);
    this.objects.set(name, object);
    const { size, etag, contentType, modified, slo } = object;
    const entry = { name, size, etag, contentType, modified };
    this.show(name, slo === undefined ? entry : { ...entry, sloEtag: `"${etag}"` });
  }

  /** False when there was no such object. */
  delete(name: string): boolean {
    const object = this.objects.get(name);
    if (object === undefined) return false;
    this.bytes -= object.size;
    this.objects.delete(name);
    this.show(name, undefined);
    return true;
  }

  /** What HEAD says of the container: out of the same database as the listing, so as late. */
  counts(): { objects: number; bytes: number } {
    this.catchUp();
    let bytes = 0;
    for (const { size } of this.listed.values()) bytes += size;
    return { objects: this.listed.size, bytes };
  }

  /** One page. With a delimiter, names that share what follows the prefix up to it are one `subdir`. */
  list({ prefix, marker, endMarker, delimiter, limit, reverse }: ListingQuery): Row[] {
    this.catchUp();
    const rows: Row[] = [];
    const [after, before] = reverse ? [endMarker, marker] : [marker, endMarker];
    const inside = (name: string) =>
      name.startsWith(prefix) && (after === "" || name > after) && (before === "" || name < before);
    if (reverse) {
      for (let at = this.names.length - 1; at >= 0 && rows.length < limit; at -= 1) {
        const name = this.names.at(at) as string;
        if (inside(name)) this.addRow(rows, name, prefix, delimiter, inside);
      }
      return rows;
    }
    const start = after >= prefix ? after : prefix;
    for (let at = this.names.lower(start); rows.length < limit; at += 1) {
      const name = this.names.at(at);
      if (name === undefined || (!name.startsWith(prefix) && name > prefix)) break;
      if (before !== "" && name >= before) break;
      if (!inside(name)) continue;
      const subdir = this.addRow(rows, name, prefix, delimiter, inside);
      // Past everything below the subdirectory: "\xff" does not occur in UTF-8.
      if (subdir !== undefined) at = this.names.lower(`${subdir}\xff`) - 1;
    }
    return rows;
  }

  /** An object is gone and its row stays: what Swift shows when a container's update is lost, or late. */
  leaveGhost(name: string): void {
    const object = this.objects.get(name);
    if (object === undefined) throw new Error(`no object ${name}`);
    this.bytes -= object.size;
    this.objects.delete(name);
  }

  /** What a dynamic large object consists of: the rows below the manifest's prefix, as a listing shows them now. */
  segmentRows(prefix: string): Entry[] {
    this.catchUp();
    return [...this.listed]
      .filter(([name]) => name.startsWith(prefix))
      .sort(byName)
      .map(([, entry]) => entry);
  }

  private addRow(
    rows: Row[],
    name: string,
    prefix: string,
    delimiter: string,
    inside: (name: string) => boolean,
  ): string | undefined {
    if (delimiter !== "") {
      const cut = name.indexOf(delimiter, prefix.length);
      if (cut >= 0) {
        const subdir = name.slice(0, cut + delimiter.length);
        const last = rows[rows.length - 1];
        // A marker that is the subdirectory itself means: it was on the page before.
        if (inside(subdir) && !(last !== undefined && "subdir" in last && last.subdir === subdir))
          rows.push({ subdir });
        return subdir;
      }
    }
    rows.push(this.listed.get(name) as Entry);
    return undefined;
  }

  private show(name: string, entry: Entry | undefined): void {
    const lag = this.lagMs();
    if (lag > 0) this.pending.push({ due: Date.now() + lag, name, entry });
    else this.showNow(name, entry);
  }

  private showNow(name: string, entry: Entry | undefined): void {
    if (entry === undefined) {
      this.listed.delete(name);
      this.names.remove(name);
    } else {
      if (!this.listed.has(name)) this.names.add(name);
      this.listed.set(name, entry);
    }
  }

  private catchUp(): void {
    const now = Date.now();
    while (this.pending[0] !== undefined && this.pending[0].due <= now) {
      const { name, entry } = this.pending.shift() as { name: string; entry: Entry | undefined };
      this.showNow(name, entry);
    }
  }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0;

/** ETag that Swift gives a large object: the MD5 of its segments' ETags, in quotes. */
export function largeObjectEtag(segments: readonly Pick<StoredObject, "etag">[]): string {
  return `"${createHash("md5")
    .update(segments.map((segment) => segment.etag).join(""))
    .digest("hex")}"`;
}
