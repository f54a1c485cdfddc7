/** Removes mover Pods that are in the way: made from other settings, by a lost state, or finished. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { type Api, apiFor } from "./api";
import { namespace } from "./journal";
import type { RawPod } from "./objects";
import { moverPodLabel, specHashAnnotation } from "./observe";
import { paths } from "./paths";

/** Grace period of the mover's Pod, and a little. */
const endSeconds = 90;

/** Phases of a Pod whose containers have ended. */
const finished: ReadonlySet<string> = new Set(["Succeeded", "Failed"]);

/**
 * Deletes every mover Pod whose spec hash is not the one planned for its name, by UID, and waits until it is gone. The
 * mover is resumable: what it copied stays. `planned`: spec hashes by Pod name; a name that is not planned goes.
 */
export async function removeStaleMoverPods(
  kube: KubeConfig,
  planned: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<void> {
  const api = apiFor(kube);
  const pods = await api.list<RawPod>(paths.pods, { labelSelector: moverPodLabel });
  const stale = pods.filter((pod) => {
    const hash = pod.metadata.annotations?.[specHashAnnotation];
    return hash !== undefined && planned[pod.metadata.name] !== hash;
  });
  for (const pod of stale) {
    // A finished Pod is worth no line: the engine tells of it when it leaves the graph.
    if (!finished.has(pod.status?.phase ?? "")) {
      log(
        `removing pod ${namespace}/${pod.metadata.name}, which was made from other settings; what it copied stays`,
      );
    }
    await api.remove(paths.pod(pod.metadata.name), { uid: pod.metadata.uid });
  }
  for (const pod of stale) {
    await untilGone(api, pod);
  }
}

async function untilGone(api: Api, pod: RawPod): Promise<void> {
  const until = performance.now() + endSeconds * 1000;
  for (;;) {
    const now = await api.get<RawPod>(paths.pod(pod.metadata.name));
    if (now === undefined || now.metadata.uid !== pod.metadata.uid) {
      return;
    }
    if (performance.now() > until) {
      throw new Error(
        `pod ${namespace}/${pod.metadata.name} does not end within ${endSeconds} s (node ${pod.spec.nodeName ?? "none"}); ` +
          `see: oc -n ${namespace} describe pod ${pod.metadata.name}`,
      );
    }
    await sleep(500);
  }
}
