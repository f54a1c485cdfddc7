/** What the pull check needs to know of the images. */
import type { ReachableObservation } from "../../cluster/observation";
import { imageApiAway } from "../../cluster/pull-check/images";
import type { Judge } from "../judge";

/**
 * Without the image API the registry serves no manifest, wherever its storage is: nothing to begin a switch with. One
 * that is on Swift already is told of it, and the switch goes on with the sample that was drawn before.
 */
export function guardImageApi(judge: Judge, { imageApi }: ReachableObservation, begins: boolean): void {
  if (imageApi?.state !== "away") return;
  const wrong = imageApiAway(imageApi.message);
  if (!begins) {
    judge.warn(
      "image-api-away",
      `${wrong}; the registry is on Swift and read-only until images can be pulled`,
    );
    return;
  }
  judge.refuse(
    "image-api-away",
    wrong,
    "an image API that answers",
    "when its ClusterOperator is Available, run the same command again",
  );
}
