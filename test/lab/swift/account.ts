/**
 * The one client of Keystone and Swift for the lab, the tests, the suites and the benchmark. It shares no code with the
 * mover, so that the two are two witnesses.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ask, type Answer, type Ask } from "./http";

/** Who signs in where; `identity` and `scope` as Keystone's API has them. */
export interface Login {
  /** With or without `/v3`. */
  readonly authUrl: string;
  readonly identity: object;
  readonly scope?: object | undefined;
  readonly ca?: string | undefined;
}

/** Keystone did not give a token. */
export class SignInError extends Error {
  constructor(
    url: string,
    readonly status: number,
    text: string,
  ) {
    super(`${url}: Keystone answered ${status} ${text.slice(0, 300)}`);
  }
}

export interface SignedIn {
  readonly token: string;
  /** Id of the user. */
  readonly user: string;
  readonly catalog: readonly {
    readonly name: string;
    readonly endpoints: readonly {
      readonly interface: string;
      readonly region: string;
      readonly url: string;
    }[];
  }[];
}

/** A user by name and password, in a domain. */
export function byPassword(name: string, password: string, domain: object): object {
  return { methods: ["password"], password: { user: { name, password, domain } } };
}

export async function signIn({ authUrl, identity, scope, ca }: Login): Promise<SignedIn> {
  const base = authUrl.replace(/\/+$/, "");
  const url = `${base.endsWith("/v3") ? base : `${base}/v3`}/auth/tokens`;
  const json = { auth: { identity, ...(scope === undefined ? {} : { scope }) } };
  const answer = await ask(url, { method: "POST", ca, json });
  if (answer.status !== 201) throw new SignInError(url, answer.status, answer.body.toString());
  const { token } = JSON.parse(answer.body.toString()) as {
    token: { user: { id: string }; catalog?: SignedIn["catalog"] };
  };
  return {
    token: answer.headers["x-subject-token"] ?? "",
    user: token.user.id,
    catalog: token.catalog ?? [],
  };
}

export interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
}

export interface AccountOptions {
  /** Of the endpoint; any by default. */
  readonly region?: string;
  /**
   * Asks again what was answered 500 and above, as a Swift on a busy machine does now and then, and signs in again
   * after a 401: tokens are good for an hour, and some runs take longer.
   */
  readonly patient?: boolean;
}

/** An account of Swift, by the public endpoint of the service `swift`. Signs in with the first request. */
export class Account {
  private session: { readonly token: string; readonly url: string } | undefined;

  constructor(
    private readonly login: Login,
    private readonly options: AccountOptions = {},
  ) {}

  /** The storage URL and the header that signs a request of one's own. */
  async open(): Promise<{ readonly token: string; readonly url: string }> {
    if (this.session !== undefined) return this.session;
    const { token, catalog } = await signIn(this.login);
    const { region = "" } = this.options;
    const endpoint = catalog
      .find((service) => service.name === "swift")
      ?.endpoints.find((each) => each.interface === "public" && (region === "" || each.region === region));
    if (endpoint === undefined)
      throw new Error("container endpoint not found in the OpenStack catalog: no public endpoint of swift");
    this.session = { token, url: endpoint.url.replace(/\/+$/, "") };
    return this.session;
  }

  /** `path`: "/container/object", not yet percent-encoded; `query` as it goes on the wire. Any status is an answer. */
  async send(
    method: string,
    path: string,
    options: Omit<Ask, "method" | "ca"> & { readonly query?: string } = {},
  ): Promise<Answer> {
    const { query, headers, ...rest } = options;
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    for (let attempt = 1; ; attempt++) {
      const { token, url } = await this.open();
      const answer = await ask(`${url}${encoded}${query === undefined ? "" : `?${query}`}`, {
        method,
        ca: this.login.ca,
        headers: { "x-auth-token": token, ...headers },
        ...rest,
      });
      const expired = answer.status === 401;
      if (this.options.patient !== true || attempt === 5 || (answer.status < 500 && !expired)) return answer;
      if (expired) this.session = undefined;
      await sleep(1000 * attempt);
    }
  }

  /** Everything a listing shows below a prefix, page by page. */
  async list(container: string, prefix = ""): Promise<readonly Listed[]> {
    const all: Listed[] = [];
    for (;;) {
      const marker = encodeURIComponent(all.at(-1)?.name ?? "");
      const query = `format=json&prefix=${encodeURIComponent(prefix)}&marker=${marker}`;
      const answer = await this.send("GET", `/${container}`, { query });
      if (answer.status >= 300) throw new Error(`listing of container ${container}: ${answer.status}`);
      const page = JSON.parse(answer.body.toString() || "[]") as Listed[];
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  /** Removes a container with what is in it; nothing there is no error. */
  async wipe(container: string): Promise<void> {
    if ((await this.send("HEAD", `/${container}`)).status === 404) return;
    for (let left = await this.list(container); left.length > 0; left = await this.list(container)) {
      const queue = [...left];
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let each = queue.pop(); each !== undefined; each = queue.pop())
            this.expect(await this.send("DELETE", `/${container}/${each.name}`), [204, 404], each.name);
        }),
      );
    }
    this.expect(await this.send("DELETE", `/${container}`), [204, 404], container);
  }

  protected expect(answer: Answer, accepted: readonly number[], what: string): Answer {
    if (!accepted.includes(answer.status)) throw new Error(`${what}: Swift answered ${answer.status}`);
    return answer;
  }
}
