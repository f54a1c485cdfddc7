/** Fills Keystone: projects, users, roles, the catalog's service `swift`, an application credential. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { byPassword, signIn } from "./account";
import { swiftPaths } from "./config";
import { ask, type Answer } from "./http";
import { identity, keystoneUrl, proxyUrl, type SwiftSettings } from "./settings";

interface Named {
  readonly id: string;
  readonly name: string;
}
interface Endpoint {
  readonly id: string;
  readonly interface: string;
  readonly url: string;
}
type Person = (typeof identity)["admin" | "service" | "openshift" | "elsewhere" | "reader"];

export interface ApplicationCredential {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  /** Id of the project it is good for. */
  readonly project: string;
}

class Keystone {
  private constructor(
    private readonly url: string,
    private readonly ca: string | undefined,
    private readonly token: string,
    /** Id of the signed-in user. */
    readonly user: string,
  ) {}

  static async signIn(settings: SwiftSettings, person: Person): Promise<Keystone> {
    const url = keystoneUrl(settings);
    const ca = settings.tls === undefined ? undefined : readFileSync(settings.tls.ca, "utf8");
    const domain = { id: "default" };
    const { token, user } = await signIn({
      authUrl: url,
      identity: byPassword(person.user, person.password, domain),
      scope: { project: { name: person.project, domain } },
      ca,
    });
    return new Keystone(url, ca, token, user);
  }

  async send<T>(method: string, path: string, json?: unknown): Promise<T> {
    const answer = await ask(`${this.url}${path}`, {
      method,
      json,
      ca: this.ca,
      headers: { "x-auth-token": this.token },
    });
    if (answer.status >= 300) throw refused(method, this.url + path, answer);
    return (answer.body.length === 0 ? undefined : JSON.parse(answer.body.toString())) as T;
  }

  /** The one of this name, made where there is none. */
  async named(kind: string, name: string, rest: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const found = await this.send<Record<string, Named[]>>(
      "GET",
      `/${kind}s?name=${encodeURIComponent(name)}`,
    );
    const first = found[`${kind}s`]?.[0];
    if (first !== undefined) return first.id;
    const made = await this.send<Record<string, Named>>("POST", `/${kind}s`, { [kind]: { name, ...rest } });
    const id = made[kind]?.id;
    if (id === undefined) throw new Error(`Keystone made no ${kind} ${name}`);
    return id;
  }
}

/** Idempotent; endpoints follow a moved host or port. */
export async function fillKeystone(settings: SwiftSettings): Promise<ApplicationCredential> {
  const admin = await Keystone.signIn(settings, identity.admin);
  const inDomain = { domain_id: "default" };
  const person = async (who: Person, roles: readonly string[]): Promise<string> => {
    const project = await admin.named("project", who.project, inDomain);
    const user = await admin.named("user", who.user, { ...inDomain, password: who.password });
    for (const name of roles) {
      const role = await admin.named("role", name);
      await admin.send("PUT", `/projects/${project}/users/${user}/roles/${role}`);
    }
    return project;
  };
  await person(identity.admin, ["admin", "ResellerAdmin"]);
  await person(identity.service, ["admin", "service"]);
  const project = await person(identity.openshift, ["member", "swiftoperator"]);
  await person(identity.elsewhere, ["member", "swiftoperator"]);
  await person(identity.reader, ["reader"]);

  // The registry operator looks the service up by this name.
  const service = await admin.named("service", "swift", { type: "object-store" });
  const { endpoints } = await admin.send<{ endpoints: Endpoint[] }>(
    "GET",
    `/endpoints?service_id=${service}`,
  );
  const url = `${proxyUrl(settings)}/v1/AUTH_%(tenant_id)s`;
  for (const side of ["public", "internal", "admin"]) {
    const known = endpoints.find((endpoint) => endpoint.interface === side);
    const endpoint = { service_id: service, interface: side, url, region_id: identity.region };
    if (known === undefined) await admin.send("POST", "/endpoints", { endpoint });
    else if (known.url !== url) await admin.send("PATCH", `/endpoints/${known.id}`, { endpoint: { url } });
  }
  return applicationCredential(settings, project);
}

async function applicationCredential(
  settings: SwiftSettings,
  project: string,
): Promise<ApplicationCredential> {
  const file = swiftPaths(settings).applicationCredential;
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as ApplicationCredential;
  const user = await Keystone.signIn(settings, identity.openshift);
  const name = `lab-${Date.now()}`;
  const made = await user.send<{ application_credential: { id: string; secret: string } }>(
    "POST",
    `/users/${user.user}/application_credentials`,
    { application_credential: { name } },
  );
  const { id, secret } = made.application_credential;
  const credential = { id, name, secret, project };
  writeFileSync(file, JSON.stringify(credential), { mode: 0o600 });
  return credential;
}

function refused(method: string, url: string, answer: Answer): Error {
  return new Error(
    `${method} ${url}: Keystone answered ${answer.status} ${answer.body.toString().slice(0, 300)}`,
  );
}
