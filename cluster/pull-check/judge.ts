/**
 * What failed pulls mean. Pure: the failures and what the workstation found out about each go in, sorted ones come out.
 * The same for a check after the storage patch and for one before.
 */
import type { Failure, PullResult } from "./order";

/** What is known of one failure besides the failure itself. */
export interface Found {
  /** Whether an ImageStream still names the image; where there are none, `true`. */
  readonly named: boolean;
  /**
   * Whether the storage has what failed. A container that was proven equal to the volume lacks only what the volume
   * lacked. `undefined`: not known.
   */
  readonly stored?: boolean;
}

export interface Judged {
  /** The registry does not serve what it should: a reason to keep it closed, or to keep the old copy. */
  readonly failed: readonly Failure[];
  /**
   * Images that are not in the storage, and so were not on the volume either when the container was proven: they were
   * broken before.
   */
  readonly broken: readonly Failure[];
  /** Images whose tag or project was deleted since the sample was drawn. */
  readonly deleted: readonly Failure[];
  /** Images in projects that the account may not pull from, although it may pull from others. */
  readonly skipped: readonly Failure[];
}

/**
 * Whether the storage may lack what failed. While Swift is busy the registry answers with its errors for what is not
 * there, each time: it asks Swift more than once for that.
 */
export function mayLack({ kind }: Failure): boolean {
  return kind === "missing" || kind === "registry";
}

/** `proven`: the container was proven equal to the volume, and nothing was deleted from it since. */
export function judge(result: PullResult, found: (failure: Failure) => Found, proven: boolean): Judged {
  const failed: Failure[] = [];
  const broken: Failure[] = [];
  const deleted: Failure[] = [];
  const skipped: Failure[] = [];
  for (const failure of result.failures) {
    const { named, stored } = found(failure);
    if (!named) {
      deleted.push(failure);
    } else if (failure.kind === "login" && result.manifests > 0) {
      skipped.push(failure);
    } else if (proven && stored === false && mayLack(failure)) {
      broken.push(failure);
    } else {
      failed.push(failure);
    }
  }
  return { failed, broken, deleted, skipped };
}

/**
 * Redirects of which not one could be followed, while the registry itself reaches Swift: that does not pass by itself,
 * whatever each of these failures looks like.
 */
export function unfollowed(
  failed: readonly Failure[],
  { manifests, redirected }: Pick<PullResult, "manifests" | "redirected">,
): readonly Failure[] {
  if (redirected > 0 || manifests === 0) return failed;
  return failed.map(({ passing, ...failure }) =>
    failure.kind === "redirect" || passing === undefined ? failure : { ...failure, passing },
  );
}

/** Names in the container of what failed: the image's link in its repository, if it is known, and the content. */
export function objectsOf({ sample, part, digest }: Failure): readonly string[] {
  if (digest === undefined) {
    return [];
  }
  const [algorithm = "", hex = ""] = digest.split(":");
  const root = "files/docker/registry/v2";
  const blob = `${root}/blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
  const links = `${root}/repositories/${sample.repository}`;
  const link =
    part === "manifest"
      ? `${links}/_manifests/revisions/${algorithm}/${hex}/link`
      : `${links}/_layers/${algorithm}/${hex}/link`;
  return [link, blob];
}

/** Projects of these failures, each once. */
export function projectsOf(failures: readonly Failure[]): readonly string[] {
  return [...new Set(failures.map(({ sample }) => sample.repository.split("/")[0] ?? ""))];
}
