/** Keystone v3 as far as a client of Swift needs it: tokens by password and by application credential, a catalog. */
import { randomUUID } from "node:crypto";
import type { Answer } from "./answer";

export const identity = {
  user: { id: "u-openshift", name: "openshift", password: "openshiftpass" },
  domain: { id: "default", name: "Default" },
  project: { id: "f7e39a90bfa140d7b6d4b0db788e7ef7", name: "openshift" },
  credential: { id: "c-1", name: "lab-appcred", secret: "appcred-secret" },
  region: "RegionOne",
} as const;

interface Reference {
  readonly id?: string;
  readonly name?: string;
  readonly domain?: Reference;
}
interface AuthRequest {
  readonly auth?: {
    readonly identity?: {
      readonly methods?: readonly string[];
      readonly password?: { readonly user?: Reference & { readonly password?: string } };
      readonly application_credential?: Reference & { readonly secret?: string; readonly user?: Reference };
    };
    readonly scope?: { readonly project?: Reference };
  };
}

const isDomain = (domain: Reference | undefined) =>
  domain?.id === identity.domain.id || domain?.name === identity.domain.name;
const isUser = (user: Reference | undefined) =>
  user?.id === identity.user.id || (user?.name === identity.user.name && isDomain(user.domain));
const isProject = (project: Reference | undefined) =>
  project?.id === identity.project.id ||
  (project?.name === identity.project.name && isDomain(project.domain));

export class Keystone {
  private tokens = new Map<string, number>();
  /** How long a token is good for. */
  tokenSeconds = 3600;
  /** False: the catalog lacks the object store. */
  catalogHasSwift = true;
  /** How many tokens were given out. */
  issued = 0;

  /** `storageUrl`: what the catalog says the account's URL is. */
  constructor(private readonly storageUrl: () => string) {}

  isValid(token: string | undefined): boolean {
    return token !== undefined && (this.tokens.get(token) ?? 0) > Date.now();
  }

  /** Every token given out so far is refused from now on. */
  revokeAll(): void {
    this.tokens = new Map();
  }

  issue(body: Buffer): Answer {
    let request: AuthRequest;
    try {
      request = JSON.parse(body.toString()) as AuthRequest;
    } catch {
      return failure(400, "Malformed JSON");
    }
    const auth = request.auth;
    const credential = auth?.identity?.application_credential;
    const known =
      credential !== undefined
        ? credential.secret === identity.credential.secret &&
          auth?.scope === undefined &&
          (credential.id === identity.credential.id ||
            (credential.name === identity.credential.name && isUser(credential.user)))
        : isUser(auth?.identity?.password?.user) &&
          auth?.identity?.password?.user?.password === identity.user.password &&
          isProject(auth?.scope?.project);
    if (!known) return failure(401, "The request you have made requires authentication.");
    const token = randomUUID();
    const expires = Date.now() + this.tokenSeconds * 1000;
    this.tokens.set(token, expires);
    this.issued += 1;
    return {
      status: 201,
      headers: { "x-subject-token": token, "content-type": "application/json" },
      body: JSON.stringify({
        token: {
          methods: auth?.identity?.methods ?? [],
          user: { id: identity.user.id, name: identity.user.name, domain: identity.domain },
          project: { ...identity.project, domain: identity.domain },
          roles: [{ id: "r1", name: "swiftoperator" }],
          issued_at: new Date().toISOString(),
          expires_at: new Date(expires).toISOString(),
          catalog: [
            { type: "identity", name: "keystone", id: "s0", endpoints: [] },
            ...(this.catalogHasSwift ? [this.objectStore()] : []),
          ],
        },
      }),
    };
  }

  private objectStore() {
    return {
      type: "object-store",
      name: "swift",
      id: "s1",
      endpoints: ["public", "internal", "admin"].map((face) => ({
        id: `e-${face}`,
        interface: face,
        region: identity.region,
        region_id: identity.region,
        url: this.storageUrl(),
      })),
    };
  }
}

function failure(code: number, message: string): Answer {
  return {
    status: code,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { code, message, title: "" } }),
  };
}
