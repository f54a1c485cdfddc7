/** What an answer of Swift that is an error means. Pure. */
import { CloudError } from "./errors";
import { redirectTarget, type HttpResponse } from "./http";
import { TransientError, parseRetryAfter } from "./retry";

/** Statuses that pass by themselves. 498 is Swift's rate limit, 499 a client that seemed to be gone. */
export const transient = new Set([408, 409, 422, 425, 429, 498, 499, 500, 502, 503, 504]);

/** Of these, what says that it is too much at once: rate limits, and proxies whose storage nodes do not keep up. */
const overloaded = new Set([429, 498, 503, 504]);

/** What was asked, for the message. */
export interface Asked {
  /** The object, the container, the listing. */
  readonly what: string;
  readonly method: string;
  readonly account: string;
  readonly container: string;
  /** A 403 means a quota, because the user may write here. */
  readonly quota: boolean;
}

/** TransientError for what may pass by itself, else CloudError with what to do. */
export function failureOf(response: HttpResponse, asked: Asked): Error {
  const { what, method, account, container } = asked;
  const { status } = response;
  const words = response.body
    .toString("utf8", 0, 300)
    .replaceAll(/<[^>]*>|\s+/g, " ")
    .trim();
  const said = words ? ` (${words})` : "";
  if (transient.has(status))
    return new TransientError(`Swift answered ${status}`, parseRetryAfter(response.headers["retry-after"]), {
      overload: overloaded.has(status),
    });
  if (status >= 300 && status < 400)
    return new CloudError(
      "catalog",
      `${what}: Swift redirects ${method} (${status}) to ${redirectTarget(response)}; requests with a token are not sent elsewhere: let the catalog's object-store endpoint, ${account}, name that address`,
    );
  if (status === 404 && method === "PUT") return containerGone(container, account);
  if (status === 413 || status === 507 || (status === 403 && (/quota/i.test(words) || asked.quota)))
    return new CloudError(
      "quota",
      `${what}: Swift answered ${status}${said}: a quota of the account or of container ${container} is reached; raise it and run again, it goes on where it stopped`,
    );
  if (status === 403)
    return new CloudError(
      "forbidden",
      `${what}: Swift refused ${method} (403) in container ${container}; the user needs a role that may write there, usually swiftoperator or member`,
    );
  if (status === 501)
    return new CloudError(
      "failed",
      `${what}: Swift answered ${method} with 501 (not implemented); is the catalog's object-store endpoint Swift's, or Ceph's gateway with Swift's API?`,
    );
  if (status > 504) return new TransientError(`Swift answered ${status}`);
  return new CloudError("failed", `${what}: Swift answered ${method} with ${status}${said}`);
}

export function containerGone(container: string, account: string): CloudError {
  return new CloudError(
    "container-gone",
    `container ${container} does not exist in ${account}; was it deleted, or is this another account?`,
  );
}
