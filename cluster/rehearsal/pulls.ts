/** The images that a rehearsal asks for, and one run of the puller against one registry. */
import { away, insist, isAway } from "../api/away";
import { readImageStreams } from "../pull-check/images";
import type { PullResult, Sample, Target } from "../pull-check/order";
import { runPuller } from "../pull-check/run";
import type { RawImageStream } from "../pull-check/samples";
import type { Placement } from "../registry/placement";
import type { Session } from "../session";
import { defined } from "../../swift/defined";

/** How a rehearsal pulls. */
export interface Pulls {
  /** How many images. */
  readonly sample: number;
  /** Of the puller's Pod. */
  readonly image: string;
  readonly timeoutSeconds: number;
  readonly placement: Placement;
}

/** ImageStreams; `undefined` on a cluster without an image API, `away` when it does not answer for a minute. */
export async function imageStreams({
  api,
  log,
  pace,
}: Pick<Session, "api" | "log" | "pace">): Promise<readonly RawImageStream[] | undefined | typeof away> {
  const hurried = pace === undefined ? { seconds: 60 } : { seconds: 0 };
  return insist(log, () => readImageStreams(api), hurried).catch((error: unknown): typeof away => {
    if (!isAway(error)) throw error;
    log("warning: the image API does not answer: the rehearsal pulls nothing");
    return away;
  });
}

const none: PullResult = { manifests: 0, blobs: 0, bytes: 0, redirected: 0, failures: [], left: 0 };

/** Pulls these candidates; `undefined`: what the registry's own catalog names. */
export async function pullFrom(
  target: Target,
  samples: readonly Sample[] | undefined,
  { sample, image, timeoutSeconds, placement }: Pulls,
  session: Session,
): Promise<PullResult> {
  if (samples?.length === 0) return none;
  return runPuller(
    {
      pull: {
        target,
        count: samples === undefined ? sample : Math.min(sample, samples.length),
        ...defined({ samples }),
      },
      login: samples !== undefined,
      placement,
      image,
      timeoutSeconds,
    },
    session,
  );
}
