/**
 * Loads the whole program under Pulumi's mocks, without an engine, on a kubeconfig whose API server is not there, and
 * prints its refusal. Exit code 0 when it refused for that reason: whatever it needs was found.
 */
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import run = require("../index");

async function main(): Promise<void> {
  const kubeconfig = process.env["KUBECONFIG"];
  if (kubeconfig === undefined) throw new Error("KUBECONFIG names the file to write a kubeconfig to");
  writeFileSync(kubeconfig, JSON.stringify(nobody));
  pulumi.runtime.setAllConfig({ "image-registry-swift:state": "migrate" });
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type }) => {
        throw new Error(`nothing is to be declared, and ${type} is`);
      },
      call: ({ token }) => {
        throw new Error(`nothing is to be called, and ${token} is`);
      },
    },
    "image-registry-swift",
    "load",
    true,
    "organization",
  );
  const said = await run().then(
    () => "nothing",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  console.log(said);
  if (!said.includes("[cluster-unreachable]")) process.exitCode = 1;
}

/** A cluster at a port where nobody listens. */
const nobody = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "nobody", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "nobody", user: {} }],
  contexts: [{ name: "nobody", context: { cluster: "nobody", user: "nobody" } }],
  "current-context": "nobody",
};

void main();
