/**
 * The lab's Swift as the suites see it: a client of a few lines, apart from the mover's, so that the two are
 * two witnesses.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { parse } from "yaml";

export interface SwiftObject {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
}

interface CloudsYaml {
  readonly clouds: Readonly<
    Record<
      string,
      {
        readonly auth: Readonly<Record<string, string>>;
        readonly auth_type?: string;
        readonly cacert?: string;
      }
    >
  >;
}

export class Swift {
  private readonly agent: Agent;
  private session: { readonly token: string; readonly account: string } | undefined;

  constructor(
    private readonly cloud: {
      readonly auth: Readonly<Record<string, string>>;
      readonly auth_type?: string | undefined;
      readonly ca?: string | undefined;
    },
  ) {
    this.agent = new Agent(cloud.ca === undefined ? {} : { connect: { ca: cloud.ca } });
  }

  /** The first cloud of a clouds.yaml, or the one named. */
  static fromFile(path: string, name?: string, ca?: string): Swift {
    const { clouds } = parse(readFileSync(path, "utf8")) as CloudsYaml;
    const cloud = name === undefined ? Object.values(clouds)[0] : clouds[name];
    if (cloud === undefined) throw new Error(`${path}: no cloud ${name ?? ""}`);
    return new Swift({ auth: cloud.auth, auth_type: cloud.auth_type, ca });
  }

  private async signIn(): Promise<{ readonly token: string; readonly account: string }> {
    if (this.session !== undefined) return this.session;
    const a = this.cloud.auth;
    const userDomain = { domain: { name: a["user_domain_name"] ?? a["domain_name"] ?? "Default" } };
    const identity =
      this.cloud.auth_type === "v3applicationcredential"
        ? {
            methods: ["application_credential"],
            application_credential: {
              id: a["application_credential_id"],
              secret: a["application_credential_secret"],
            },
          }
        : {
            methods: ["password"],
            password: { user: { name: a["username"], password: a["password"], ...userDomain } },
          };
    const scope =
      this.cloud.auth_type === "v3applicationcredential"
        ? undefined
        : {
            project:
              a["project_id"] === undefined
                ? { name: a["project_name"], domain: { name: a["project_domain_name"] ?? "Default" } }
                : { id: a["project_id"] },
          };
    const base = String(a["auth_url"]).replace(/\/+$/, "");
    const url = `${base.endsWith("/v3") ? base : `${base}/v3`}/auth/tokens`;
    const answer = await request(url, {
      method: "POST",
      dispatcher: this.agent,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: { identity, ...(scope === undefined ? {} : { scope }) } }),
    });
    const body = (await answer.body.json()) as {
      token: { catalog: { name: string; endpoints: { interface: string; url: string }[] }[] };
    };
    if (answer.statusCode !== 201) throw new Error(`Keystone: ${answer.statusCode}`);
    const account = body.token.catalog
      .find((s) => s.name === "swift")
      ?.endpoints.find((e) => e.interface === "public")?.url;
    if (account === undefined) throw new Error("Keystone's catalog has no public endpoint of swift");
    this.session = {
      token: String(answer.headers["x-subject-token"]),
      account: account.replace(/\/+$/, ""),
    };
    return this.session;
  }

  /** One request below the account; the answer's status is the caller's to judge. */
  async send(
    method: string,
    path: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer } = {},
  ): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> {
    // A Swift on a busy machine answers 500 and 503 now and then; the suites' own questions are asked again. So is one
    // answered 401: Keystone's tokens are good for an hour, and some runs take longer.
    for (let attempt = 1; ; attempt++) {
      const { token, account } = await this.signIn();
      const answer = await this.once(method, `${account}/${path}`, token, options);
      const expired = answer.status === 401;
      if ((answer.status < 500 && !expired) || attempt === 5) return answer;
      if (expired) this.session = undefined;
      await sleep(1000 * attempt);
    }
  }

  private async once(
    method: string,
    url: string,
    token: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer },
  ): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> {
    const answer = await request(url, {
      method: method as "GET",
      dispatcher: this.agent,
      headers: { "x-auth-token": token, ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: Buffer.from(await answer.body.arrayBuffer()),
    };
  }

  async account(): Promise<string> {
    return (await this.signIn()).account;
  }

  async containers(): Promise<readonly string[]> {
    const answer = await this.send("GET", "?format=json");
    return (JSON.parse(answer.body.toString() || "[]") as { name: string }[]).map((c) => c.name);
  }

  /** HEAD of a container; `undefined` where there is none. */
  async head(container: string): Promise<Record<string, string | string[] | undefined> | undefined> {
    const answer = await this.send("HEAD", encodeURIComponent(container));
    return answer.status === 404 ? undefined : answer.headers;
  }

  /** Every object of a container, in Swift's order. */
  async list(container: string, prefix = ""): Promise<readonly SwiftObject[]> {
    const all: SwiftObject[] = [];
    for (;;) {
      const marker = all.at(-1)?.name ?? "";
      const answer = await this.send(
        "GET",
        `${encodeURIComponent(container)}?format=json&prefix=${encodeURIComponent(prefix)}&marker=${encodeURIComponent(marker)}`,
      );
      if (answer.status === 404) throw new Error(`container ${container} does not exist`);
      const page = JSON.parse(answer.body.toString() || "[]") as SwiftObject[];
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  async put(
    container: string,
    name: string,
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const answer = await this.send("PUT", path(container, name), { body, headers });
    if (answer.status !== 201) throw new Error(`PUT ${container}/${name}: ${answer.status}`);
  }

  async get(container: string, name: string): Promise<Buffer> {
    const answer = await this.send("GET", path(container, name));
    if (answer.status !== 200) throw new Error(`GET ${container}/${name}: ${answer.status}`);
    return answer.body;
  }

  async remove(container: string, name: string): Promise<void> {
    const answer = await this.send("DELETE", path(container, name));
    if (answer.status !== 204 && answer.status !== 404)
      throw new Error(`DELETE ${container}/${name}: ${answer.status}`);
  }

  async makeContainer(container: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const answer = await this.send("PUT", encodeURIComponent(container), { headers });
    if (answer.status >= 300) throw new Error(`PUT ${container}: ${answer.status}`);
  }

  /** Deletes a container of the lab with all that is in it. */
  async wipe(container: string): Promise<void> {
    const objects = await this.list(container);
    const queue = [...objects];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let o = queue.pop(); o !== undefined; o = queue.pop()) await this.remove(container, o.name);
      }),
    );
    const answer = await this.send("DELETE", encodeURIComponent(container));
    if (answer.status !== 204 && answer.status !== 404)
      throw new Error(`DELETE ${container}: ${answer.status}`);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

function path(container: string, name: string): string {
  return `${encodeURIComponent(container)}/${name.split("/").map(encodeURIComponent).join("/")}`;
}
