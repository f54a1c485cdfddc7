import type { Kind } from "../volume/layout";

/**
 * The order in which files are brought, to Swift and back: blobs before links before tags. A registry that is
 * interrupted in between lacks some tags and is whole otherwise.
 */
export const phases: Record<Kind, number> = { blob: 0, link: 1, tag: 2 };

/** Tags are kept until everything they may refer to is there; past this many, that is waited for in between. */
export const keptTags = 50_000;
