/**
 * A plain forward proxy on this machine, for Pods: it passes requests on and counts them by host and port. It may be down
 * for a while, and answer some requests itself.
 */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

export class ForwardProxy {
  /** Requests passed on, by `host:port`. */
  readonly seen = new Map<string, number>();
  /** Of the requests to this `host:port` each so-and-so-many-th is answered with 503. */
  busy: { readonly host: string; readonly every: number } | undefined;
  private address: AddressInfo | undefined;
  private readonly server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "", "http://nowhere.invalid");
    this.seen.set(url.host, (this.seen.get(url.host) ?? 0) + 1);
    const { host, every } = this.busy ?? { host: "", every: 1 };
    if (url.host === host && (this.seen.get(host) ?? 0) % every === 0) {
      incoming.resume();
      outgoing.writeHead(503, { "content-length": 0 }).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = request(url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, outgoing, () => undefined);
    });
    onward.on("error", () => outgoing.headersSent || outgoing.writeHead(502).end());
    pipeline(incoming, onward, () => undefined);
  });

  /** Listens where Pods reach this machine. */
  static async start(host: string): Promise<ForwardProxy> {
    const proxy = new ForwardProxy();
    proxy.server.listen(0, host);
    await once(proxy.server, "listening");
    proxy.address = proxy.server.address() as AddressInfo;
    return proxy;
  }

  get url(): string {
    const { address, port } = this.address!;
    return `http://${address}:${port}`;
  }

  /** After `stop`, at the same address. */
  async startAgain(): Promise<void> {
    const { address, port } = this.address!;
    this.server.listen(port, address);
    await once(this.server, "listening");
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
