/** What both rehearsals, of Swift and of the volume, are tried with. */
import { paths } from "../../../cluster/api/paths";
import { pullCheckName } from "../../../cluster/names";
import type { Failure, PullOrder } from "../../../cluster/pull-check/order";
import type { FakeApi } from "./fake-api";
import { endPuller, type Ending } from "./puller";

export const digests = ["sha256:aa", "sha256:bb"];

/** An image of these that could not be pulled. */
export const failure = (
  kind: Failure["kind"],
  reference = digests[0] ?? "",
  more: Partial<Failure> = {},
): Failure => ({
  sample: { repository: "team/app", reference },
  kind,
  part: "manifest",
  digest: reference,
  what: `manifest team/app@${reference}`,
  why: `why-${kind}`,
  ...more,
});

/** What a registry's Pod becomes that answers. */
export const ready = {
  status: { phase: "Running", podIP: "10.128.0.7", conditions: [{ type: "Ready", status: "True" }] },
};

/** An image API with one ImageStream, of these digests. */
export function putImages(api: FakeApi): void {
  api.put(paths.imageApi, {});
  api.put(`${paths.imageStreams}/app`, {
    metadata: { name: "app", namespace: "team" },
    status: {
      dockerImageRepository: "r:5000/team/app",
      tags: digests.map((image, index) => ({
        tag: String(index),
        items: [{ dockerImageReference: `r:5000/team/app@${image}`, image }],
      })),
    },
  });
}

/** The first puller ends as `first` says, the second as `second`. */
export function endPullers(api: FakeApi, first: Ending, second: Ending): void {
  const before = api.react;
  endPuller(api, first);
  const once = api.react;
  let runs = 0;
  api.react = (path) => {
    if (path === paths.secret(pullCheckName) && api.objects.has(path) && ++runs === 2) {
      api.react = before;
      endPuller(api, second);
      api.react(path);
    } else once(path);
  };
}

/** What the pullers were told to pull. */
export function ordersIn(api: FakeApi): PullOrder[] {
  return api.writes
    .filter(({ what }) => what === `POST ${paths.secret(pullCheckName)}`)
    .map(({ body }) => {
      const { stringData } = body as { stringData: Record<string, string> };
      return JSON.parse(stringData["order.json"] ?? "") as PullOrder;
    });
}
