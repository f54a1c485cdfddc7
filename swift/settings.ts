/** How Keystone and Swift are reached, as settings: types only, for the mover, the Pulumi program and tests. */

/** Where a secret is read from at run time: it is never part of the settings themselves. */
export type SecretSource =
  | { readonly kind: "file"; readonly path: string }
  /** The password or application credential secret of one cloud in a clouds.yaml. */
  | { readonly kind: "clouds"; readonly path: string; readonly cloud: string }
  /** In memory only, for a caller that already holds the secret; refused in a settings file. */
  | { readonly kind: "value"; readonly value: string };

/** Everything needed to reach the object store, resolved once; no environment variable is consulted. */
export interface CloudSettings {
  /** Keystone v3 URL, e.g. `https://keystone.example:13000/v3`. */
  readonly authUrl: string;
  readonly auth:
    | {
        readonly type: "password";
        readonly username?: string;
        readonly userId?: string;
        readonly userDomainName?: string;
        readonly userDomainId?: string;
        readonly projectName?: string;
        readonly projectId?: string;
        readonly projectDomainName?: string;
        readonly projectDomainId?: string;
        readonly secret: SecretSource;
      }
    | {
        readonly type: "v3applicationcredential";
        readonly applicationCredentialId?: string;
        readonly applicationCredentialName?: string;
        /** With a name instead of an id, the user must be given too. */
        readonly username?: string;
        readonly userId?: string;
        readonly userDomainName?: string;
        readonly userDomainId?: string;
        readonly secret: SecretSource;
      };
  readonly region?: string;
  /** Catalog interface; default `public`. */
  readonly interface?: "public" | "internal" | "admin";
  /** Only the catalog's object store of this name will do; default: one named `swift` before others. */
  readonly serviceName?: string;
  /** PEM bundles added to the system's own roots; files that do not exist are skipped. */
  readonly caFiles?: readonly string[];
  /** True: certificates are not checked (`verify: false` in a clouds.yaml). Never set for the Pod by the Pulumi program. */
  readonly insecure?: boolean;
  /** Proxy for Keystone and Swift, given explicitly; no environment variable is consulted. */
  readonly proxy?: ProxySettings;
}

/** Proxies by the scheme of the address that is called. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  /** Addresses reached directly: host names, `.suffix`, IP addresses, CIDRs, `host:port`, or `*`; as in NO_PROXY. */
  readonly no?: readonly string[];
}

/** How failing requests are repeated. The wait doubles from `baseSeconds` up to `maxSeconds`, with jitter. */
export interface RetrySettings {
  /** Tries of one request, the first included; default 16. */
  readonly attempts?: number;
  /** Default 0.5. */
  readonly baseSeconds?: number;
  /** Default 20. A Retry-After is obeyed in full up to five times this. */
  readonly maxSeconds?: number;
}
