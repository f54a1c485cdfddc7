/**
 * Corrupt blobs, each with the images that use it. The mover finds manifests on the volume; OpenShift keeps its tags in
 * ImageStreams and none in the storage, so they are added from there, those of other projects (`oc tag`) too. Pure.
 */
import type { Report } from "../../migrator/contract";
import type { RawImageStream } from "../pull-check/samples";

const shownAtMost = 20;

/** One line for each blob, twenty at most. `streams`: absent where the image API does not answer. */
export function corruptInWords(
  { corrupt, corruptMore = 0 }: Pick<Report, "corrupt" | "corruptMore">,
  streams: readonly RawImageStream[] = [],
): readonly string[] {
  const more = corrupt.length - shownAtMost + corruptMore;
  return [
    ...corrupt.slice(0, shownAtMost).map(({ digest, usedBy, kept }) => {
      const users = [...new Set(usedBy.flatMap((user) => tagged(user, streams)))];
      const harmless = kept === true ? " (Swift has it whole, and keeps it)" : "";
      return `corrupt on the volume: blob ${digest}, used by ${users.join(", ") || "no image"}${harmless}`;
    }),
    ...(more > 0 ? [`and ${more} more corrupt blobs: the migration Pod's log names them`] : []),
  ];
}

/** The tags that lead, or led, to `repository@digest`; without a tag the image's own name. */
function tagged(user: string, streams: readonly RawImageStream[]): readonly string[] {
  const digest = /@(sha\d+:[0-9a-f]+)$/.exec(user)?.[1];
  const tags = streams.flatMap(({ metadata, status }) =>
    (status?.tags ?? []).flatMap(({ tag, items }) => {
      const at = (items ?? []).findIndex(({ image }) => image === digest);
      const name = `${metadata.namespace}/${metadata.name}:${tag}`;
      return at < 0 ? [] : [at === 0 ? name : `${name} (an earlier image of it)`];
    }),
  );
  return digest === undefined || tags.length === 0 ? [user] : tags;
}
