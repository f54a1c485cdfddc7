import type { ReachableObservation } from "../../../cluster/observation";
import { proven, switched } from "../observations";
import { expectRefused, expectWarned, toSwift } from "../support";

describe("the image API away", () => {
  const imageApi = { state: "away", message: "HTTP 503" } as const;
  const without = (seen: ReachableObservation): ReachableObservation => ({ ...seen, imageApi });

  test("refuses a switch that is to begin: no image could be pulled afterwards", () => {
    expectRefused("image-api-away", toSwift, without(proven), [
      "HTTP 503",
      "serves no manifest without it",
      "clusteroperator openshift-apiserver",
    ]);
  });

  test("is told where the registry is on Swift already", () => {
    expectWarned("image-api-away", toSwift, without(switched), "read-only");
  });
});
