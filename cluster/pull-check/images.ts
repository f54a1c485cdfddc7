/** The images that the cluster knows of: its ImageStreams, and the sample drawn from them. */
import type { Api } from "../api/api";
import type { JournalSample } from "../journal/journal";
import { paths } from "../api/paths";
import type { Sample } from "./order";
import { candidatesFor, inTurn } from "./turns";
import { imageStreamSamples, type RawImageStream } from "./samples";

/** All ImageStreams; `undefined` where the cluster has no image API, as one without OpenShift's own API server. */
export async function readImageStreams(api: Api): Promise<readonly RawImageStream[] | undefined> {
  return (await api.get(paths.imageApi)) === undefined
    ? undefined
    : api.list<RawImageStream>(paths.imageStreams);
}

/** Says what it means that the image API does not answer, and where to look; one sentence without a full stop. */
export function imageApiAway(why: string): string {
  return (
    `the image API (image.openshift.io) does not answer (${why}), and the registry serves no manifest without it: ` +
    "oc get clusteroperator openshift-apiserver"
  );
}

/** Draws the sample for `count` images; `undefined` where only the registry's catalog can tell. */
export function draw(
  streams: readonly RawImageStream[] | undefined,
  count: number,
): readonly Sample[] | undefined {
  return streams === undefined ? undefined : imageStreamSamples(streams, candidatesFor(count));
}

/** The sample as the journal keeps it: by repository, 1,000 images in about 100 KiB. */
export function toJournal(samples: readonly Sample[], at: string): JournalSample {
  const images: Record<string, string[]> = {};
  for (const { repository, reference } of samples) {
    (images[repository] ??= []).push(reference);
  }
  return { at, images };
}

/** The sample of the journal, in the order in which it was drawn. */
export function fromJournal({ images }: JournalSample): readonly Sample[] {
  const rows = Object.entries(images).map(([repository, references]) =>
    references.map((reference) => ({ repository, reference })),
  );
  return inTurn(rows, Infinity);
}
