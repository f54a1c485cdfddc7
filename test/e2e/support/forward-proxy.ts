/** A plain forward proxy on this machine, for Pods: it passes requests on and counts them by host and port. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

export class ForwardProxy {
  /** Requests passed on, by `host:port`. */
  readonly seen = new Map<string, number>();
  private readonly server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "", "http://nowhere.invalid");
    this.seen.set(url.host, (this.seen.get(url.host) ?? 0) + 1);
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
    return proxy;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
