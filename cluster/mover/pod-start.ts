/**
 * How long a migration Pod may take to start, by what its events say. A volume of millions of files takes its node up to
 * an hour to mount (SELinux, fsGroup), each time: that is work, not failure. A Pod that nothing works on fails soon.
 */
import type { RawEvent, RawPod } from "../api/objects";
import { podTrouble, type Trouble } from "../api/pod-trouble";

/** What keeps a Pod from running. */
export interface Start {
  /** Words that follow "waiting for". */
  readonly waitingFor: string;
  /** Its node is at work on it: the volume is being mounted, or the image pulled. */
  readonly working: boolean;
  readonly trouble?: Trouble;
}

/** The kubelet gives up a mount that goes on, says so, and takes it up where it is. */
const stillMounting =
  /timed out waiting|context deadline exceeded|operation .*(pending|in progress)|DeadlineExceeded/i;

/** Whether a volume's trouble is only that its mount takes long. */
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
    newest(pod, events)?.reason === "Pulling"
      ? ": its node pulls the image"
      : seconds < briefSeconds
        ? ""
        : ": its node mounts the volume, which takes up to an hour with millions of files";
  return { waitingFor: `${name} to start${why}`, working: true };
}

function newest(pod: RawPod, events: readonly RawEvent[]): RawEvent | undefined {
  const when = (each: RawEvent): string => each.lastTimestamp ?? each.eventTime ?? "";
  return events
    .filter((each) => each.involvedObject?.uid === pod.metadata.uid)
    .toSorted((a, b) => when(a).localeCompare(when(b)))
    .at(-1);
}
