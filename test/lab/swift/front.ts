/**
 * A TLS front: each `host:port=host:port` argument is a listener and the plain server behind it. The bytes pass
 * unread, so that what a client sees is the server's own HTTP.
 */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:tls";

const [certificate, key, ...pairs] = process.argv.slice(2);
if (certificate === undefined || key === undefined || pairs.length === 0) {
  console.error("usage: front.ts <certificate.pem> <key.pem> <host:port=host:port>...");
  process.exit(2);
}

for (const pair of pairs) {
  const [from, to] = pair.split("=").map(address);
  if (from === undefined || to === undefined) throw new Error(`${pair}: not of the form host:port=host:port`);
  createServer({ cert: readFileSync(certificate), key: readFileSync(key), allowHalfOpen: true }, (client) => {
    const server = connect({ ...to, allowHalfOpen: true });
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy());
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
  })
    .on("tlsClientError", (error) => console.error(`${pair}: ${error.message}`))
    .listen(from.port, from.host, () => console.log(`listening: ${pair}`));
}

function address(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}
