/**
 * How long a migration Pod may take to start, by what its events say. A node takes up to an hour to mount a volume of
 * millions of files (SELinux, fsGroup), each time: that is work, and no failure. A Pod that nothing works on fails
 * soon.
 */
import type { RawEvent, RawPod } from "../api/objects";
import { newestEvent } from "../api/newest-event";
import { podTrouble, type Trouble } from "../api/pod-trouble";

/** What keeps a Pod from running. */
export interface Start {
  /** Words that follow "waiting for". */
  readonly waitingFor: string;
  /** Its node works on it: it mounts the volume, or pulls the image. */
  readonly working: boolean;
  readonly trouble?: Trouble;
}

/** The kubelet reports a mount that takes long as timed out, and then goes on with it. */
const stillMounting =
  /timed out waiting|context deadline exceeded|operation .*(pending|in progress)|DeadlineExceeded/i;

/** Whether the trouble with a volume is only that its mount takes long. */
export function isStillMounting({ kind, message }: Trouble): boolean {
  return kind === "volume" && message.startsWith("FailedMount") && stillMounting.test(message);
}

/** A start that lasts longer needs a word of explanation. */
const briefSeconds = 20;

/** Pure: the Pod, its events, and for how long it has been waited for go in. */
export function startOf(pod: RawPod, events: readonly RawEvent[], seconds: number): Start {
  const name = `pod ${pod.metadata.name}`;
  const trouble = podTrouble(pod, events);
  const placed = pod.spec.nodeName !== undefined;
  if (trouble !== undefined && !isStillMounting(trouble)) {
    return { waitingFor: `${name} to start`, working: false, trouble };
  }
  if (!placed) {
    return { waitingFor: `${name} to get a node`, working: false };
  }
  const why =
    newestEvent(events, pod.metadata.uid)?.reason === "Pulling"
      ? ": its node pulls the image"
      : seconds < briefSeconds
        ? ""
        : ": its node mounts the volume, which takes up to an hour with millions of files";
  return { waitingFor: `${name} to start${why}`, working: true };
}
