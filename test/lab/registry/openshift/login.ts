/**
 * Who asks, and may they? As OpenShift's registry does it: the caller's own token is shown to the API server, in a
 * SelfSubjectReview (who) and a SelfSubjectAccessReview (may they). Whatever is lacking is answered with 401.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { CallApi } from "./api";

export interface Access {
  readonly verb: "get" | "update" | "list" | "delete";
  /** `imagestreams/layers` of one ImageStream, or what is cluster-wide. */
  readonly resource: "imagestreams/layers" | "imagestreams" | "images";
  readonly namespace?: string;
  readonly name?: string;
}

/** `no-token`: nobody said who asks. `denied`: the token is no good, or may not. */
export type Verdict = "ok" | "no-token" | "denied";

/** A prober asks ten times a second: what was allowed a moment ago is not asked again. */
const rememberedMilliseconds = 2000;

export class Logins {
  private readonly allowed = new Map<string, number>();
  /** What the API server is being asked at this moment. */
  private readonly asking = new Map<string, Promise<Verdict>>();

  constructor(
    private readonly call: CallApi,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws Error when the API server does not answer */
  async judge(headers: IncomingHttpHeaders, wanted: readonly Access[]): Promise<Verdict> {
    const token = tokenOf(headers);
    if (token === undefined) return "no-token";
    const key = JSON.stringify([token, wanted]);
    if (this.now() - (this.allowed.get(key) ?? -Infinity) < rememberedMilliseconds) return "ok";
    // A Pod that is new to the Service gets all its requests before the first review is answered: each would ask for
    // itself, and the Pod would have no time left for the requests.
    const under = this.asking.get(key);
    if (under !== undefined) return under;
    const asked = this.ask(token, wanted).finally(() => this.asking.delete(key));
    this.asking.set(key, asked);
    const verdict = await asked;
    if (verdict === "ok") this.allowed.set(key, this.now());
    return verdict;
  }

  private async ask(token: string, wanted: readonly Access[]): Promise<Verdict> {
    if (!(await this.isSomebody(token))) return "denied";
    for (const access of wanted) if (!(await this.may(token, access))) return "denied";
    return "ok";
  }

  private async isSomebody(token: string): Promise<boolean> {
    const { status } = await this.call(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      token,
    );
    return answered(status);
  }

  private async may(token: string, access: Access): Promise<boolean> {
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { group: "image.openshift.io", ...access } },
    };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const { status, body } = await this.call("POST", path, review, token);
    const allowed = (body as { status?: { allowed?: boolean } } | undefined)?.status?.allowed;
    return answered(status) && allowed === true;
  }
}

function answered(status: number): boolean {
  if (status >= 500) throw new Error(`the API server answers ${status}`);
  return status < 300;
}

/** The bearer token, or the password of a login by name: its name does not matter. */
export function tokenOf({ authorization }: IncomingHttpHeaders): string | undefined {
  const [scheme = "", value = ""] = (authorization ?? "").split(" ");
  switch (scheme.toLowerCase()) {
    case "bearer":
      return value === "" ? undefined : value;
    case "basic": {
      const text = Buffer.from(value, "base64").toString("utf8");
      const password = text.slice(text.indexOf(":") + 1);
      return password === "" ? undefined : password;
    }
    default:
      return undefined;
  }
}
