/** The migration Pods that are there, for plan and status. */
import type { Api } from "../api/api";
import type { RawPod } from "../api/objects";
import { paths } from "../api/paths";
import { moverPodLabel } from "../names";
import type { MoverPod } from "../observation";
import { parseMoverPod } from "../parse";
import { parseReport } from "./pod-end";
import { lastProgress } from "./pod-log";
import { reportInWords } from "./progress";

export async function observeMoverPods(api: Api): Promise<readonly MoverPod[]> {
  const pods = await api.list<RawPod>(paths.pods, { labelSelector: moverPodLabel });
  return Promise.all(pods.map(async (raw) => parseMoverPod(raw, await toldBy(api, raw))));
}

/** Its result, or how far it is; undefined when it did not say. */
async function toldBy(api: Api, { metadata, status }: RawPod): Promise<string | undefined> {
  switch (status?.phase) {
    case "Succeeded":
    case "Failed": {
      const report = parseReport(status.containerStatuses?.[0]?.state?.terminated?.message);
      return report?.exitCode === 0 ? reportInWords(report) : report?.message;
    }
    case "Running":
      return lastProgress(api, metadata.name);
    default:
      return undefined;
  }
}
