/** A SOCKS5 proxy for tests: no login, names only (RFC 1928). */
import { createServer, type Server, type Socket } from "node:net";

/** `onward` is asked for a connection to each name and port that a client wants. */
export function socksServer(onward: (host: string, port: number) => Socket): Server {
  return createServer((client) => {
    client.on("error", () => client.destroy());
    client.once("data", () => {
      client.write(Buffer.from([5, 0]));
      client.once("data", (request: Buffer) => {
        const length = request[4] ?? 0;
        const host = request.subarray(5, 5 + length).toString();
        const target = onward(host, request.readUInt16BE(5 + length));
        target.on("error", () => client.destroy());
        target.once("connect", () => {
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          client.pipe(target).pipe(client);
        });
      });
    });
  });
}
