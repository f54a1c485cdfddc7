/** Whether a Pod of the registry that does not start lacks a place beside another. Pure. */
import { isStillMounting } from "../mover/pod-start";

/** Seconds that a Pod may be unschedulable: the scheduler says so at once, and gets a few tries. */
export const placingSeconds = 15;

/** Of its `reason`, which has been the same for `seconds`: no node takes it, or its volume is another node's. */
export function hasNoPlace(reason: string, seconds: number): boolean {
  // A Pod whose volume is being mounted has its node; after Recreate the mount would begin again.
  return (
    seconds >= placingSeconds &&
    !isStillMounting({ kind: "volume", message: reason }) &&
    /Unschedulable|FailedAttachVolume|FailedMount|Multi-Attach|ReadWriteOncePod/i.test(reason)
  );
}
