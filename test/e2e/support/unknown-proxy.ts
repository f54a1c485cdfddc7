/** A proxy with https whose certificate nobody trusts, as one that signs anew what passes through it. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { leaf, leafKey } from "../../cluster/support/certificates";

/** Listens where Pods reach this machine; nothing passes, because no client goes on past the certificate. */
export async function unknownProxy(host: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer({ cert: leaf, key: leafKey }, (_, answer) => answer.writeHead(502).end());
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${host}:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
