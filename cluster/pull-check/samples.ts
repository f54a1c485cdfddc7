/** Which images to pull: spread over repositories, from ImageStreams where the cluster has them. Pure. */
import type { Stored } from "../api/objects";
import type { Sample } from "./puller";

export interface RawImageStream extends Stored {
  readonly status?: {
    readonly dockerImageRepository?: string;
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?: readonly { readonly dockerImageReference: string; readonly image: string }[] | null;
    }[];
  };
}

/**
 * Newest image of each tag that the registry itself stores (a tag may also point to another registry), repositories in
 * turn until there are enough.
 */
export function imageStreamSamples(streams: readonly RawImageStream[], count: number): readonly Sample[] {
  const perRepository = streams.map((stream) => {
    const own = (stream.status?.dockerImageRepository ?? "").split("/")[0] ?? "";
    const digests = (stream.status?.tags ?? []).flatMap((tag) => {
      const newest = tag.items?.[0];
      return newest !== undefined && own !== "" && newest.dockerImageReference.startsWith(`${own}/`)
        ? [newest.image]
        : [];
    });
    return {
      repository: `${stream.metadata.namespace ?? ""}/${stream.metadata.name}`,
      digests: [...new Set(digests)],
    };
  });
  const samples: Sample[] = [];
  for (let round = 0; samples.length < count; round++) {
    const more = perRepository.filter((each) => each.digests.length > round);
    if (more.length === 0) {
      break;
    }
    for (const { repository, digests } of more) {
      if (samples.length < count) {
        samples.push({ repository, reference: digests[round] ?? "" });
      }
    }
  }
  return samples;
}
