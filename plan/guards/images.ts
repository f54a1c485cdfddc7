/** Whether images can be pulled at all. */
import type { ReachableObservation } from "../../cluster/observation";
import { imageApiAway } from "../../cluster/pull-check/images";
import type { Judge } from "../judge";

/**
 * Without the image API the registry serves no manifest from any storage, so a switch is not begun. When the registry is
 * on Swift already, this is a warning: the switch goes on with the sample that was drawn before.
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
