/** What it means that a registry on the volume could not serve an image. Pure. */
import type { Found } from "../pull-check/judge";
import type { Failure, PullResult } from "../pull-check/order";

/** The registry itself was never heard: that says nothing about the volume. */
export function neverAnswered({ manifests, failures }: PullResult): boolean {
  return manifests === 0 && failures.length > 0 && failures.every(({ kind }) => kind === "registry");
}

/**
 * Of what the volume could not serve, what Swift has: `onSwift` says how the same images failed at the live registry,
 * and where that does not tell (a redirect that cannot be followed, no login), `found` asks Swift itself. What cannot be
 * told is not counted.
 */
export function missingFrom(
  failures: readonly Failure[],
  onSwift: readonly Failure[],
  found: (failure: Failure) => Found,
): readonly Failure[] {
  const nameOf = ({ sample }: Failure) => `${sample.repository}@${sample.reference}`;
  const live = new Map(onSwift.map((each) => [nameOf(each), each]));
  return failures.filter((failure) => {
    const { named, stored } = found(failure);
    if (!named || failure.kind === "login") return false;
    const there = live.get(nameOf(failure));
    if (there === undefined) return true;
    const brokenThere = there.kind === "missing" || there.kind === "content";
    return !brokenThere && stored === true;
  });
}
