/** The newest of an object's events. Pure. */
import type { RawEvent } from "./objects";

/** The newest event about the object with this UID of those that `wanted` takes. */
export function newestEvent(
  events: readonly RawEvent[],
  uid: string | undefined,
  wanted: (event: RawEvent) => boolean = () => true,
): RawEvent | undefined {
  return events
    .filter((each) => each.involvedObject?.uid === uid && wanted(each))
    .toSorted((a, b) => when(a).localeCompare(when(b)))
    .at(-1);
}

/** When it was last seen; ISO 8601 sorts as text. */
function when({ lastTimestamp, eventTime, metadata }: RawEvent): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
}
