import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

test("a provider whose CLI is gone ends, instead of telling nobody for ever that nobody listens", async () => {
  const provider = spawn(
    process.execPath,
    [
      "-r",
      "ts-node/register/transpile-only",
      "-e",
      // As Pulumi's host of dynamic providers does.
      `process.on("uncaughtException", (error) => console.error(error));
       require("./cluster/steps/orphan").endWithCli();
       console.log("ready");
       setInterval(() => console.error("at work"), 50);`,
    ],
    { cwd: join(__dirname, "..", ".."), stdio: ["ignore", "pipe", "pipe"] },
  );
  try {
    await once(provider.stdout, "data");
    provider.stdout.destroy();
    provider.stderr.destroy();
    expect(await once(provider, "exit")).toEqual([1, null]);
  } finally {
    provider.kill("SIGKILL");
  }
}, 20_000);
