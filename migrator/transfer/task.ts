import type { ByteString } from "../../swift/bytes";
import type { ObjectStore } from "../../swift/store";
import type { Md5Source } from "../md5/streams";
import type { Kind } from "../volume/layout";

/** Brings one file of the tree into the container, or reads it on both sides to compare it. */
export interface TransferTask {
  /** `put`: sends it. `verify`: reads it on both sides. `check`: reads a blob on the volume alone. */
  readonly action: "put" | "verify" | "check";
  /** Relative to the tree. */
  readonly name: ByteString;
  readonly bytes: number;
  readonly kind: Kind;
  /** Sends it even where an object of that size exists, because that is known to have other content. */
  readonly replace?: boolean;
}

/** What became of a task; `corrupt`: a blob's content on the volume does not match its digest. */
export interface TransferResult {
  readonly status:
    | "copied"
    | "present"
    | "same"
    | "different"
    | "corrupt"
    | "vanished"
    | "grew"
    | "shrank"
    /** The volume does not give it (EIO, EACCES): one bad sector does not keep the rest from being copied. */
    | "unreadable";
  readonly why?: string;
  /** The inventory's hash of what Swift acknowledged, or was seen to have; absent where only HEAD can tell (large objects). */
  readonly seen?: string;
}

export interface TransferContext {
  /** The registry's tree on the volume, with a trailing slash. */
  readonly base: ByteString;
  readonly store: ObjectStore;
  /** Blobs above this become large objects. */
  readonly threshold: number;
  readonly segmentSize: number;
  /** Bytes that went out, as they go. */
  readonly onSent: (bytes: number) => void;
  /** Makes the MD5 of blobs that become large objects; absent: everything is hashed in one thread. */
  readonly lane?: Md5Source;
}
