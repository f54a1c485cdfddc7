/** One request for a manifest, on a connection of its own, that knows how far it came: a Pod that is gone takes none. */
import { get } from "node:https";
import { manifestTypes, type RegistryAddress } from "./registry";

/** Milliseconds until an answer that has not come will not come. */
const limit = 10_000;

export class Probe {
  private reached = "no connection";

  constructor(
    private readonly address: RegistryAddress,
    private readonly path: string,
  ) {}

  /** Why it was not answered well, and how far it came; `undefined` when it was. */
  ask(): Promise<string | undefined> {
    const { url, token } = this.address;
    const headers = {
      accept: manifestTypes,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return new Promise((resolve) => {
      const options = {
        agent: false,
        rejectUnauthorized: false,
        headers,
        signal: AbortSignal.timeout(limit),
      };
      const failed = (error: Error) => resolve(`${this.reached}: ${error.message}`);
      const request = get(url + this.path, options, (answer) => {
        this.reached = `status ${answer.statusCode}`;
        answer.on("error", failed);
        answer.on("end", () => resolve(answer.statusCode === 200 ? undefined : this.reached));
        answer.resume();
      });
      request.on("error", failed);
      request.on("socket", (socket) => {
        socket.on("connect", () => (this.reached = `connected from port ${socket.localPort}`));
        socket.on("secureConnect", () => (this.reached = `connected from port ${socket.localPort}, TLS`));
      });
    });
  }
}
