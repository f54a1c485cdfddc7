/** Made-up certificates for tests of trust, see certificates/README.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const read = (name: string) => readFileSync(join(__dirname, "certificates", name), "utf8");

export const certificates = {
  root: read("root.crt"),
  intermediate: read("intermediate.crt"),
  /** What a server presents: its own certificate and nothing above it. */
  server: { cert: read("server.crt"), key: read("server.key") },
};
