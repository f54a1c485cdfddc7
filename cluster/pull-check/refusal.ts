/** Why a request of the puller failed, and whether that passes by itself. Part of the script that is sent into the Pod. */
import type { IncomingMessage } from "node:http";
import { parseRetryAfter } from "../../swift/retry";
import { type Answer, NoAnswer } from "./get";
import type { Failure, FailureKind } from "./order";
import { defined } from "../../swift/defined";

/** Statuses that pass by themselves, as the mover knows them. */
const passingStatus = new Set([408, 425, 429, 498, 499]);

export class Refused extends Error {
  constructor(
    readonly failure: Omit<Failure, "sample">,
    /** Seconds that the server asked for with Retry-After. */
    readonly retryAfter?: number,
  ) {
    super(failure.why);
  }
}

export interface Asked {
  readonly part: Failure["part"];
  readonly what: string;
  readonly digest?: string;
}

export async function sent(
  send: () => Promise<Answer>,
  asked: Asked,
  kind: FailureKind,
  redirect?: URL,
): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    const make = error instanceof NoAnswer && error.lasting ? refused : passing;
    throw make(asked, kind, (error as Error).message, redirect);
  }
}

/** An answer that is an error. */
export function refusedBy({ status, headers }: Answer, asked: Asked, why: string, redirect?: URL): Refused {
  const kind = kindOf(status, redirect);
  return passingStatus.has(status) || status >= 500
    ? passing(asked, kind, why, redirect, parseRetryAfter(headers["retry-after"]))
    : refused(asked, kind, why, redirect);
}

function kindOf(status: number, redirect: URL | undefined): FailureKind {
  if (status === 404) {
    return "missing";
  }
  if (redirect !== undefined) {
    return "redirect";
  }
  return status === 401 || status === 403 ? "login" : "registry";
}

export function refused(asked: Asked, kind: FailureKind, why: string, redirect?: URL): Refused {
  const { part, what, digest } = asked;
  return new Refused({
    kind,
    part,
    what,
    why,
    ...defined({ digest }),
    // The query is left out: its signature is a secret.
    ...(redirect === undefined ? {} : { redirect: `${redirect.origin}${redirect.pathname}` }),
  });
}

export function passing(
  asked: Asked,
  kind: FailureKind,
  why: string,
  redirect?: URL,
  retryAfter?: number,
): Refused {
  return new Refused({ ...refused(asked, kind, why, redirect).failure, passing: true }, retryAfter);
}

export async function bodyOf(body: IncomingMessage, asked: Asked, atMost: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > atMost) {
        body.destroy();
        throw refused(asked, "content", `it is larger than ${atMost} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof Refused
      ? error
      : passing(asked, "registry", `the transfer broke: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks);
}

/** ` (MANIFEST_UNKNOWN: manifest unknown)`, of the registry's own answer. */
export function reasonOf(body: Buffer): string {
  try {
    const { errors } = JSON.parse(body.toString("utf8")) as {
      errors?: { code?: string; message?: string }[];
    };
    const { code, message } = errors?.[0] ?? {};
    const text = [code, message].filter((each) => each !== undefined && each !== "").join(": ");
    return text === "" ? "" : ` (${text})`;
  } catch {
    return "";
  }
}
