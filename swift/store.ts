/** What an object store is asked, and what it answers. Types only. */
import type { ByteString } from "./bytes";
import type { HttpResponse } from "./http";

export interface ObjectHead {
  /** -1 when the answer does not say: equal to no size. */
  readonly bytes: number;
  /** The ETag without quotes: the MD5 of a plain object. */
  readonly etag: string;
  /** Container and prefix of the segments, when this is the manifest of a dynamic large object. */
  readonly manifest?: ByteString;
  /** The manifest of a static large object: its segments are listed in its own body. */
  readonly isStatic?: true;
}

export interface ContainerHead {
  readonly objects: number;
  readonly bytes: number;
  /** How far the store's clock is ahead of ours, in milliseconds; absent when its answer has no date. */
  readonly clockAhead?: number;
}

/** Limits the store announces. */
export interface StoreInfo {
  readonly maxFileSize: number;
  readonly listingLimit: number;
}

/** What a streamed PUT sends. Called again for each attempt; throws CloudError for what repeating cannot mend. */
export interface StreamBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The MD5 of what was sent, in hex; asked for after the last chunk. */
  md5(): string | Promise<string>;
}

export interface PageQuery {
  readonly prefix: ByteString;
  /** Names after this one. */
  readonly marker?: ByteString;
  /** Names before this one. */
  readonly endMarker?: ByteString;
  readonly limit?: number;
  readonly delimiter?: string;
}

/**
 * One container of an object store. Each call repeats itself on passing faults, renews the token on 401 and
 * throws CloudError when it cannot succeed. Names are whole object names, as bytes.
 */
export interface ObjectStore {
  readonly container: string;
  info(): Promise<StoreInfo>;
  /** Undefined when the container does not exist. */
  headContainer(): Promise<ContainerHead | undefined>;
  /** One page of the listing as JSON text. */
  list(query: PageQuery): Promise<Buffer>;
  /** Stores a small object; its MD5 is checked by the server and again here. */
  put(name: ByteString, body: Buffer, md5: string): Promise<void>;
  /** Stores an object of `length` bytes as a stream; resolves to its ETag when that equals the MD5 sent. */
  putStream(name: ByteString, length: number, body: () => StreamBody): Promise<string>;
  /** Stores the manifest of a dynamic large object: `segments` is `<container>/<prefix>`. */
  putManifest(name: ByteString, segments: ByteString): Promise<void>;
  head(name: ByteString): Promise<ObjectHead | undefined>;
  /** Reads an object; `attempt` is called for each try and gives the sink. Undefined when it does not exist. */
  get(
    name: ByteString,
    attempt: () => (chunk: Buffer) => void | Promise<void>,
  ): Promise<ObjectHead | undefined>;
  /** False when it was not there. */
  delete(name: ByteString): Promise<boolean>;
  /** Names of a static large object's segments, each with its container: `<container>/<name>`. Empty when it is none. */
  staticSegments(name: ByteString): Promise<readonly ByteString[]>;
}

export type Headers = HttpResponse["headers"];

/** What only the Pulumi program does. */
export interface ContainerHeaders {
  /** Headers of HEAD on the container; undefined when it does not exist. */
  containerHeaders(): Promise<Headers | undefined>;
  /** Headers of HEAD on the account; undefined when it does not exist. */
  accountHeaders(): Promise<Headers | undefined>;
  /** Sets headers of the container (POST); those not named stay as they are. */
  setContainerHeaders(headers: Readonly<Record<string, string>>): Promise<void>;
}
