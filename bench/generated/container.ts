/** The stand-in's container of a generated registry: its listing and its objects are made when they are asked for. */
import { hash } from "node:crypto";
import { objectPrefix } from "../../migrator/volume/layout";
import {
  Container,
  type ListingQuery,
  type Row,
  type StoredObject,
} from "../../test/migrator/swift-standin/store";
import type { GeneratedObject, GeneratedRegistry } from "./registry";

/** Later than every file of the volume, so that a link's row counts. */
const modified = new Date("2020-01-02T00:00:00Z");
const contentType = "application/octet-stream";

/** Blobs have no content: what stands for their MD5 is never compared. */
const etagOf = ({ kind, hex }: GeneratedObject): string =>
  kind === "blob" ? hex.slice(0, 32) : hash("md5", `sha256:${hex}`);

class GeneratedObjects extends Map<string, StoredObject> {
  constructor(private readonly registry: GeneratedRegistry) {
    super();
  }
  override get(name: string): StoredObject | undefined {
    const found = name.startsWith(objectPrefix)
      ? this.registry.find(name.slice(objectPrefix.length))
      : undefined;
    return found && { size: found.size, etag: etagOf(found), contentType, modified, meta: {} };
  }
}

export class GeneratedContainer extends Container {
  override readonly objects: Map<string, StoredObject>;

  constructor(private readonly registry: GeneratedRegistry) {
    super(() => 0);
    this.objects = new GeneratedObjects(registry);
  }

  override counts(): { objects: number; bytes: number } {
    return { objects: this.registry.objects, bytes: 0 };
  }

  override list({ prefix, marker, endMarker, limit }: ListingQuery): Row[] {
    if (prefix !== objectPrefix) return [];
    const rows: Row[] = [];
    if (limit === 0) return rows;
    for (const object of this.registry.after(marker.slice(objectPrefix.length))) {
      const name = objectPrefix + object.path;
      if (endMarker !== "" && name >= endMarker) break;
      rows.push({ name, size: object.size, etag: etagOf(object), contentType, modified });
      if (rows.length === limit) break;
    }
    return rows;
  }
}
