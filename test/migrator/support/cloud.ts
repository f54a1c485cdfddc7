/** A cloud that tests may use: where Keystone is, who may sign in, and the account they get. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { CloudSettings } from "../../../swift/settings";
import { readRecord } from "../../lab/record";
import { defaults } from "../../lab/settings";
import { identity } from "../swift-standin/keystone";
import type { SwiftStandin } from "../swift-standin/server";
import { wire, type WireAnswer, type WireRequest } from "./wire";

export interface TestCloud {
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly projectName: string;
  readonly ca?: string;
}

/** The stand-in as a cloud. */
export const standinCloud = (standin: SwiftStandin): TestCloud => ({
  authUrl: standin.authUrl,
  username: identity.user.name,
  password: identity.user.password,
  projectName: identity.project.name,
});

interface CloudsFile {
  readonly clouds: Readonly<
    Record<
      string,
      {
        readonly auth: { auth_url: string; username: string; password: string; project_name: string };
        cacert?: string;
      }
    >
  >;
}

/**
 * The lab's Keystone and Swift: TEST_SWIFT_CLOUDS names a clouds.yaml (first cloud, by password), else the lab's own
 * if it is up. A string says why there is none.
 */
export function realCloud(): TestCloud | string {
  const file = process.env["TEST_SWIFT_CLOUDS"] ?? labClouds();
  if (file === undefined || !existsSync(file))
    return "no real Swift: TEST_SWIFT_CLOUDS names no clouds.yaml and the lab is not up (npm run lab -- up)";
  const first = Object.values((parse(readFileSync(file, "utf8")) as CloudsFile).clouds)[0];
  if (first === undefined) return `no real Swift: ${file} has no cloud`;
  const { auth_url, username, password, project_name } = first.auth;
  return {
    authUrl: auth_url,
    username,
    password,
    projectName: project_name,
    ...(first.cacert === undefined ? {} : { ca: readFileSync(first.cacert, "utf8") }),
  };
}

const labClouds = () => readRecord(process.env["LAB_DIR"] ?? defaults.dir)?.swift?.cloudsYaml;

/** The mover's settings for that cloud; the password's file is the caller's to write. */
export function cloudSettings(
  cloud: TestCloud,
  passwordFile: string,
  authUrl = cloud.authUrl,
): CloudSettings {
  return {
    authUrl,
    auth: {
      type: "password",
      username: cloud.username,
      userDomainName: "Default",
      projectName: cloud.projectName,
      projectDomainName: "Default",
      secret: { kind: "file", path: passwordFile },
    },
    region: identity.region,
  };
}

/** A signed-in account: requests relative to its storage URL, names as they are. */
export class Account {
  private constructor(
    private readonly cloud: TestCloud,
    readonly url: string,
    private readonly token: string,
  ) {}

  get authHeaders(): Record<string, string> {
    return { "x-auth-token": this.token };
  }

  static async signIn(cloud: TestCloud): Promise<Account> {
    const domain = { name: "Default" };
    const answer = await wire(`${cloud.authUrl}/auth/tokens`, {
      method: "POST",
      ca: cloud.ca,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: cloud.username, password: cloud.password, domain } },
          },
          scope: { project: { name: cloud.projectName, domain } },
        },
      }),
    });
    if (answer.status !== 201)
      throw new Error(`${cloud.authUrl}: ${answer.status} ${answer.body.toString()}`);
    const { token } = JSON.parse(answer.body.toString()) as {
      token: { catalog: { type: string; endpoints: { interface: string; url: string }[] }[] };
    };
    const endpoint = token.catalog
      .find((service) => service.type === "object-store")
      ?.endpoints.find((one) => one.interface === "public");
    if (endpoint === undefined) throw new Error(`${cloud.authUrl}: no object-store in the catalog`);
    return new Account(cloud, endpoint.url, String(answer.headers["x-subject-token"]));
  }

  /** `path`: "/container/object", not yet percent-encoded; `query` as it goes on the wire. */
  send(
    method: string,
    path: string,
    options: Omit<WireRequest, "method"> & { query?: string } = {},
  ): Promise<WireAnswer> {
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    const { query, headers, ...rest } = options;
    return wire(`${this.url}${encoded}${query === undefined ? "" : `?${query}`}`, {
      method,
      ca: this.cloud.ca,
      headers: { "x-auth-token": this.token, ...headers },
      ...rest,
    });
  }

  /** Everything a listing shows below a prefix, page by page. */
  async list(container: string, prefix = ""): Promise<Listed[]> {
    const all: Listed[] = [];
    for (let marker = ""; ; marker = all[all.length - 1]?.name ?? "") {
      const query = `format=json&prefix=${encodeURIComponent(prefix)}&marker=${encodeURIComponent(marker)}`;
      const answer = await this.send("GET", `/${container}`, { query });
      if (answer.status !== 200) throw new Error(`listing of ${container}: ${answer.status}`);
      const page = JSON.parse(answer.body.toString()) as Listed[];
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  /** Removes the container and what is in it. */
  async remove(container: string): Promise<void> {
    if ((await this.send("HEAD", `/${container}`)).status === 404) return;
    for (let left = await this.list(container); left.length > 0; left = await this.list(container))
      for (let at = 0; at < left.length; at += 16)
        await Promise.all(
          left.slice(at, at + 16).map(({ name }) => this.send("DELETE", `/${container}/${name}`)),
        );
    await this.send("DELETE", `/${container}`);
  }
}

export interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
}
