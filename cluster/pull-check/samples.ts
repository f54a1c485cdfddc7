/** Which images to pull: newest first, spread over repositories, of those that the registry itself stores. Pure. */
import type { Stored } from "../api/objects";
import type { Sample } from "./order";
import { inTurn } from "./turns";

export interface RawImageStream extends Stored {
  readonly status?: {
    readonly dockerImageRepository?: string;
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?:
        | readonly {
            readonly dockerImageReference: string;
            readonly image: string;
            readonly created?: string;
          }[]
        | null;
    }[];
  };
}

/**
 * The newest image of each tag of each ImageStream, as long as it is stored under that ImageStream's own name: a tag may
 * also point to another registry, or to another project, whose folder then has it. Repositories take turns, the one with
 * the newest image first. An ImageStream that is being deleted is passed over.
 */
export function imageStreamSamples(streams: readonly RawImageStream[], atMost: number): readonly Sample[] {
  const rows = streams
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((stream) => ({ repository: repositoryOf(stream), images: newestImages(stream) }))
    .filter(({ images }) => images.length > 0)
    .toSorted(
      (a, b) =>
        compare(b.images[0]?.created ?? "", a.images[0]?.created ?? "") ||
        compare(a.repository, b.repository),
    )
    .map(({ repository, images }) => images.map(({ image }): Sample => ({ repository, reference: image })));
  return inTurn(rows, atMost);
}

/** Whether an ImageStream that is not being deleted still names the image. */
export function stillNamed(streams: readonly RawImageStream[], { repository, reference }: Sample): boolean {
  return streams.some(
    (stream) =>
      stream.metadata.deletionTimestamp === undefined &&
      repositoryOf(stream) === repository &&
      (stream.status?.tags ?? []).some((tag) => (tag.items ?? []).some(({ image }) => image === reference)),
  );
}

function repositoryOf({ metadata }: RawImageStream): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Newest first, each image once. */
function newestImages(stream: RawImageStream): readonly { image: string; created: string }[] {
  const host = (stream.status?.dockerImageRepository ?? "").split("/")[0] ?? "";
  const own = `${host}/${repositoryOf(stream)}`;
  const seen = new Map<string, string>();
  for (const { items } of stream.status?.tags ?? []) {
    const newest = items?.[0];
    const name = newest?.dockerImageReference ?? "";
    if (newest === undefined || host === "" || !(name.startsWith(`${own}@`) || name.startsWith(`${own}:`))) {
      continue;
    }
    const created = newest.created ?? "";
    if (created > (seen.get(newest.image) ?? "") || !seen.has(newest.image)) {
      seen.set(newest.image, created);
    }
  }
  return [...seen]
    .map(([image, created]) => ({ image, created }))
    .toSorted((a, b) => compare(b.created, a.created));
}

/** ISO 8601 sorts as text. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
