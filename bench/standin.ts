/** The stand-in as a process of its own: `standin.ts [index.tsv]` prints its Keystone URL and serves until it is ended. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { SwiftStandin } from "../test/migrator/swift-standin/server";

/** Container that holds what the index lists. */
export const container = "bench";

async function serve(index: string | undefined): Promise<void> {
  const standin = await SwiftStandin.start({ discard: true });
  const held = standin.container(container);
  const modified = new Date(0);
  if (index !== undefined)
    for await (const line of createInterface({ input: createReadStream(index) })) {
      const [path = "", size = "0", etag = ""] = line.split("\t");
      held.put(Buffer.from(`files/${path}`).toString("latin1"), {
        size: Number(size),
        etag,
        contentType: "application/octet-stream",
        modified,
        meta: {},
      });
    }
  console.log(standin.authUrl);
}

if (require.main === module) void serve(process.argv[2]);
