import { missingFrom, neverAnswered } from "../../../cluster/rehearsal/compare";
import type { Failure, FailureKind } from "../../../cluster/pull-check/order";

const failure = (reference: string, kind: FailureKind): Failure => ({
  sample: { repository: "team/app", reference },
  kind,
  part: "manifest",
  what: reference,
  why: "",
});
const named = () => ({ named: true });

test("invariant 1: what Swift serves and the volume does not is missing from it", () => {
  const lost = [failure("a", "missing"), failure("b", "content"), failure("c", "registry")];
  expect(missingFrom(lost, [], named)).toEqual(lost);
});

test("what Swift serves no more is not: deleted, broken there as well, or not to be seen by this account", () => {
  const gone = [failure("a", "missing")];
  expect(missingFrom(gone, [], () => ({ named: false }))).toEqual([]);
  expect(missingFrom(gone, [failure("a", "missing")], named)).toEqual([]);
  expect(missingFrom(gone, [failure("a", "content")], named)).toEqual([]);
  expect(missingFrom([failure("a", "login")], [], named)).toEqual([]);
});

test("invariant 1: where the live registry cannot be followed to Swift, Swift is asked; what it cannot tell hinders nobody", () => {
  const gone = [failure("a", "missing")];
  const unfollowed = [failure("a", "redirect")];
  expect(missingFrom(gone, unfollowed, () => ({ named: true, stored: true }))).toEqual(gone);
  expect(missingFrom(gone, unfollowed, () => ({ named: true, stored: false }))).toEqual([]);
  expect(missingFrom(gone, unfollowed, named)).toEqual([]);
});

test("a registry that never answered says nothing about its volume", () => {
  const counts = { blobs: 0, bytes: 0, redirected: 0, left: 0 };
  const silent = [failure("a", "registry"), failure("b", "registry")];
  expect(neverAnswered({ ...counts, manifests: 0, failures: silent })).toBe(true);
  expect(neverAnswered({ ...counts, manifests: 0, failures: [...silent, failure("c", "missing")] })).toBe(
    false,
  );
  expect(neverAnswered({ ...counts, manifests: 1, failures: silent })).toBe(false);
  expect(neverAnswered({ ...counts, manifests: 0, failures: [] })).toBe(false);
});
