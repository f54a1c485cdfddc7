/**
 * Which Swift account a storage URL leads to. The Pod and this machine may reach one account by two URLs: the Pod goes by
 * the public endpoint, the stack may say `openstack:endpointType internal` for a workstation inside. Pure.
 */
import type { Journal, Proof } from "../journal/journal";

/** Swift's own URLs end in the account, `/v1/AUTH_<project id>`; Ceph's gateway may leave it out (`/swift/v1`). */
const accountInPath = /\/AUTH_[^/]+$/;

/**
 * Equal URLs, or the same account in the path, because hosts differ by interface. Two regions may each have an account
 * of the same project; there the other region lacks the container, or it holds something else, which is checked
 * separately.
 */
export function sameAccount(one: string, other: string): boolean {
  if (one === other) {
    return true;
  }
  const [a, b] = [pathOf(one), pathOf(other)];
  return a !== undefined && a === b && accountInPath.test(a);
}

/**
 * Whether what was proven is in the account that this machine's credentials lead to. The proof has the Pod's URL; the
 * journal's container has the URL that this machine used then. Where URLs do not name the account, the latter counts.
 */
export function isProvenAccount(journal: Journal, proof: Proof, account: string): boolean {
  if (sameAccount(proof.account, account)) {
    return true;
  }
  const { container } = journal;
  const told = [proof.account, account].every((each) => accountInPath.test(pathOf(each) ?? ""));
  return !told && container?.name === proof.container && container.account === account;
}

function pathOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/+$/, "") : undefined;
}
