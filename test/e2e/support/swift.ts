/** The lab's Swift as the suites see it. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { Account, byPassword } from "../../lab/swift/account";

type Auth = Readonly<Record<string, string>>;

interface CloudsYaml {
  readonly clouds: Readonly<Record<string, { readonly auth: Auth; readonly auth_type?: string }>>;
}

export class Swift extends Account {
  constructor(cloud: {
    readonly auth: Auth;
    readonly auth_type?: string | undefined;
    readonly ca?: string | undefined;
  }) {
    const { auth } = cloud;
    const application = cloud.auth_type === "v3applicationcredential";
    super(
      {
        authUrl: String(auth["auth_url"]),
        identity: application ? byCredential(auth) : byUser(auth),
        scope: application ? undefined : { project: projectOf(auth) },
        ca: cloud.ca,
      },
      { patient: true },
    );
  }

  /** The first cloud of a clouds.yaml, or the one named. */
  static fromFile(path: string, name?: string, ca?: string): Swift {
    const { clouds } = parse(readFileSync(path, "utf8")) as CloudsYaml;
    const cloud = name === undefined ? Object.values(clouds)[0] : clouds[name];
    if (cloud === undefined) throw new Error(`${path}: no cloud ${name ?? ""}`);
    return new Swift({ auth: cloud.auth, auth_type: cloud.auth_type, ca });
  }

  async containers(): Promise<readonly string[]> {
    const answer = await this.send("GET", "", { query: "format=json" });
    return (JSON.parse(answer.body.toString() || "[]") as { name: string }[]).map((each) => each.name);
  }

  /** HEAD of a container; `undefined` where there is none. */
  async head(container: string): Promise<Readonly<Record<string, string>> | undefined> {
    const answer = await this.send("HEAD", `/${container}`);
    return answer.status === 404 ? undefined : answer.headers;
  }

  async put(container: string, name: string, body: string | Buffer): Promise<void> {
    const headers = { "content-type": "application/octet-stream" };
    const answer = await this.send("PUT", `/${container}/${name}`, { body, headers });
    this.expect(answer, [201], `PUT ${container}/${name}`);
  }

  async get(container: string, name: string): Promise<Buffer> {
    const what = `GET ${container}/${name}`;
    return this.expect(await this.send("GET", `/${container}/${name}`), [200], what).body;
  }

  async makeContainer(container: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    this.expect(await this.send("PUT", `/${container}`, { headers }), [201, 202], `PUT ${container}`);
  }
}

function byCredential(auth: Auth): object {
  const { application_credential_id: id, application_credential_secret: secret } = auth;
  return { methods: ["application_credential"], application_credential: { id, secret } };
}

function byUser(auth: Auth): object {
  const domain = { name: auth["user_domain_name"] ?? auth["domain_name"] ?? "Default" };
  return byPassword(String(auth["username"]), String(auth["password"]), domain);
}

function projectOf(auth: Auth): object {
  return auth["project_id"] === undefined
    ? { name: auth["project_name"], domain: { name: auth["project_domain_name"] ?? "Default" } }
    : { id: auth["project_id"] };
}
