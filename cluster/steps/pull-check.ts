/** `pull-check`: pulls a sample through the registry's Service before it is opened; failure leaves it sealed. */
import { ApiError } from "../api/api";
import { away, insist, isAway } from "../api/away";
import type { Journal, Rehearsal } from "../journal/journal";
import { showBytes } from "../../swift/figures";
import { draw, fromJournal, imageApiAway, readImageStreams } from "../pull-check/images";
import { findOut } from "../pull-check/found";
import { judge, type Judged } from "../pull-check/judge";
import type { Failure, PullResult, Sample } from "../pull-check/order";
import { runPuller } from "../pull-check/run";
import { type RawImageStream, stillNamed } from "../pull-check/samples";
import { readTarget } from "../pull-check/target";
import {
  failureInWords,
  pullFailure,
  type Situation,
  warnings,
  waysOn,
  withoutCheck,
} from "../pull-check/words";
import { containerOf } from "../registry/patch";
import { readRegistry } from "../registry/registry";
import { type Session, sessionOf } from "../session";
import type { PullCheckInputs, PullCheckOutputs } from "./kinds";
import type { Step } from "./step";
import { defined } from "../../swift/defined";

export const pullCheckStep: Step<PullCheckInputs, PullCheckOutputs> = {
  kind: "pull-check",
  triggers: [],
  run: (inputs, context) => checkPulls(inputs, sessionOf(inputs, context)),
};

export async function checkPulls(inputs: PullCheckInputs, session: Session): Promise<PullCheckOutputs> {
  const { log } = session;
  const journal = await session.journal.assertRun();
  if (inputs.sample === 0) {
    log("no image is pulled (pullCheck is 0)");
    return { manifests: 0, blobs: 0 };
  }
  const drawn = await drawSample(inputs.sample, journal, session);
  if (drawn.samples?.length === 0) {
    log("nothing to pull: no ImageStream names an image that this registry stores");
    return { manifests: 0, blobs: 0 };
  }
  const result = await runPuller(
    {
      pull: {
        target: await readTarget(session.api),
        count: inputs.sample,
        ...defined({ samples: drawn.samples }),
      },
      login: drawn.samples !== undefined,
      placement: inputs.placement ?? (await readRegistry(session.api)).config ?? {},
      image: inputs.image,
      timeoutSeconds: inputs.timeoutSeconds,
    },
    session,
  ).catch(async (error: unknown) => {
    throw await withWaysOn(error, inputs, session);
  });
  await conclude(result, inputs, journal, session);
  return { manifests: result.manifests, blobs: result.blobs };
}

/** How long to ask for the image API before the journal's sample is used. */
const patienceSeconds = 60;

/** The sample: from the ImageStreams, or, while their API is away, the one that was drawn before the storage patch. */
async function drawSample(
  count: number,
  journal: Journal,
  session: Session,
): Promise<{ readonly samples?: readonly Sample[] }> {
  const hurried = session.pace === undefined ? { seconds: patienceSeconds } : { seconds: 0 };
  const streams = await insist(session.log, () => readImageStreams(session.api), hurried).catch(
    (error: unknown): typeof away => {
      if (isAway(error)) return away;
      throw error;
    },
  );
  if (streams !== away) {
    const samples = draw(streams, count);
    return samples === undefined ? {} : { samples: rehearsedFirst(samples, streams ?? [], journal) };
  }
  const { sample } = journal;
  const situation = await situationOf({}, session);
  if (sample === undefined) {
    throw new Error([`pull check: ${imageApiAway("see above")}`, ...waysOn([apiAway], situation)].join("\n"));
  }
  session.log(`the image API does not answer: the sample of ${sample.at} is pulled`);
  return { samples: fromJournal(sample) };
}

/** Puts first what was rehearsed, and leaves out what the volume could not serve either. */
function rehearsedFirst(
  drawn: readonly Sample[],
  streams: readonly RawImageStream[],
  { rehearsal }: Pick<Journal, "rehearsal">,
): readonly Sample[] {
  const nameOf = ({ repository, reference }: Sample) => `${repository}@${reference}`;
  const samples = (images: Rehearsal["images"]) => fromJournal({ at: "", images: images ?? {} });
  const broken = new Set(samples(rehearsal?.broken).map(nameOf));
  const rehearsed = samples(rehearsal?.images).filter((each) => stillNamed(streams, each));
  const all = new Map([...rehearsed, ...drawn].map((each) => [nameOf(each), each]));
  return [...all].filter(([name]) => !broken.has(name)).map(([, each]) => each);
}

/** For the advice: a failure that may pass by itself. */
const apiAway: Failure = {
  sample: { repository: "", reference: "" },
  kind: "registry",
  part: "manifest",
  what: "",
  why: "",
  passing: true,
};

/** Judges the result, says what is worth knowing, and throws when the registry does not serve what it should. */
async function conclude(
  result: PullResult,
  inputs: PullCheckInputs,
  journal: Journal,
  session: Session,
): Promise<void> {
  const { log } = session;
  const situation = await situationOf(inputs, session);
  const container = containerOf((await readRegistry(session.api)).config?.storage ?? {});
  if (result.emptyCatalog === true) {
    await assertEmpty(container, situation, session);
    log("nothing to pull: the registry's catalog is empty, and so is its container");
    return;
  }
  // Only while it is sealed is the container what was proven: afterwards images are deleted from it.
  const proven = situation.readOnly && journal.proof !== undefined && journal.proof.container === container;
  const judged = judge(result, await findOut(result.failures, container, session), proven);
  for (const line of warnings(judged, result)) log(line);
  if (judged.failed.length > 0) {
    for (const each of judged.failed) log(`failed: ${failureInWords(each)}`);
    throw new Error(pullFailure(judged, result, situation));
  }
  assertTime(judged, result, situation);
  log(
    `pulled ${result.manifests} manifests and ${result.blobs} blobs (${showBytes(result.bytes)}), ` +
      `${result.redirected} of them straight from Swift`,
  );
}

/** Throws when nothing was pulled because the time was up: that shows nothing. */
function assertTime(judged: Judged, result: PullResult, situation: Situation): void {
  if (result.manifests === 0 && result.left > 0) {
    throw new Error(
      ["pull check: the time was up before any image was pulled", ...waysOn([apiAway], situation)].join("\n"),
    );
  }
}

/**
 * Throws when the catalog is empty although the container has repositories: then the registry looks at another
 * container.
 */
async function assertEmpty(
  container: string | undefined,
  situation: Situation,
  session: Session,
): Promise<void> {
  const repositories =
    container === undefined
      ? []
      : await session.withSwift((swift) =>
          swift.folders(container, "files/docker/registry/v2/repositories/"),
        );
  if (repositories.length > 0) {
    throw new Error(
      [
        `pull check: the registry's catalog is empty, but container ${container} has repositories: the registry looks at ` +
          "another container or account",
        ...waysOn([{ ...apiAway, kind: "missing", passing: false }], situation),
      ].join("\n"),
    );
  }
}

async function situationOf(
  inputs: Pick<PullCheckInputs, "releasing">,
  { api, journal }: Session,
): Promise<Situation> {
  const { config } = await readRegistry(api);
  const { released } = await journal.assertRun();
  return {
    readOnly: config?.readOnly ?? true,
    disableRedirect: config?.disableRedirect ?? false,
    releasing: inputs.releasing === true,
    released: released !== undefined,
  };
}

/**
 * An error of the Pod, or of making it, with the registry's state added. That another run took over is said as it is.
 */
async function withWaysOn(thrown: unknown, inputs: PullCheckInputs, session: Session): Promise<unknown> {
  const ours = thrown instanceof Error && thrown.message.startsWith("pull check:");
  if (!ours && !(thrown instanceof ApiError)) {
    return thrown;
  }
  const situation = await situationOf(inputs, session).catch(() => undefined);
  if (situation === undefined) {
    return thrown;
  }
  const what = ours ? thrown.message : `pull check: ${thrown.message}`;
  return new Error(
    [`${what}.`, ...waysOn([apiAway], situation).slice(0, -1), `Or ${withoutCheck(situation)}`].join("\n"),
    { cause: thrown },
  );
}
