/** What goes into the puller and what comes out of it: the words that workstation and Pod share. Types only. */
import type { ProxySettings } from "../../swift/settings";

/** One image. */
export interface Sample {
  /** `project/name`. */
  readonly repository: string;
  /** Digest or tag. */
  readonly reference: string;
}

/** Which registry is asked, and by which CAs it is trusted. */
export interface Target {
  /** `host:port` that is connected to; a Pod's IP address will do. */
  readonly address: string;
  /** `host:port` of the registry's certificate and of the Host header. */
  readonly host: string;
  /** `false`: plain HTTP. Default true. */
  readonly tls?: boolean;
  /** PEM that nodes trust for `host`, and so for whatever it redirects to, besides the system's roots. */
  readonly trust: string;
  /** The proxy that nodes use for what the registry redirects to; the registry itself is asked directly. */
  readonly proxy?: ProxySettings;
}

/** One run of the puller. */
export interface PullOrder {
  readonly target: Target;
  /** File with the bearer token; read before each request, because the kubelet renews it. Absent: no login. */
  readonly tokenFile?: string;
  /** How many images are to be pulled. */
  readonly count: number;
  /** Candidates, in order; more than `count`, so that broken ones can be passed over. Absent: the registry's catalog. */
  readonly samples?: readonly Sample[];
  /** Seconds after which no further image is begun. */
  readonly seconds: number;
}

/**
 * Why an image could not be pulled.
 * - `login`: 401 or 403 of the registry. - `missing`: 404 of the registry, or of what it redirected to.
 * - `content`: the content is not what its digest says. - `registry`: no connection to the registry, or 5xx of it.
 * - `redirect`: no connection to what the registry redirected to, no trust in it, or an error that is no 404.
 */
export type FailureKind = "login" | "missing" | "content" | "registry" | "redirect";

export interface Failure {
  readonly sample: Sample;
  readonly kind: FailureKind;
  /** Of the manifest or blob that failed, where it is known. */
  readonly digest?: string;
  readonly part: "manifest" | "blob";
  /** `blob project/name@sha256:...`. */
  readonly what: string;
  /** One line, without a secret. */
  readonly why: string;
  /** Origin and path of what the registry redirected to, without the signature. */
  readonly redirect?: string;
  /** A failure that often passes by itself: running again may help. */
  readonly passing?: boolean;
}

export interface PullResult {
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that came straight from Swift. */
  readonly redirected: number;
  readonly failures: readonly Failure[];
  /** Images that were not begun because the time was up. */
  readonly left: number;
  /** The registry's own catalog named no image. */
  readonly emptyCatalog?: boolean;
}

/** One line of JSON of the puller's log. */
export type PullerLine =
  | { readonly event: "progress"; readonly done: number; readonly of: number; readonly failed: number }
  | { readonly event: "retry"; readonly what: string; readonly why: string }
  | { readonly event: "failure"; readonly failure: Failure }
  | { readonly event: "result"; readonly result: Omit<PullResult, "failures">; readonly failures: number };
