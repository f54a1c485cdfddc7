import { startScript } from "../../e2e/support/process";

test("a provider whose CLI is gone ends, instead of telling nobody for ever that nobody listens", async () => {
  // As Pulumi's host of dynamic providers does.
  const provider = startScript(
    `process.on("uncaughtException", (error) => console.error(error));
     require("./cluster/steps/orphan").endWithCli();
     console.log("ready");
     setInterval(() => console.error("at work"), 50);`,
  );
  try {
    await provider.line(/^ready$/);
    provider.child.stdout?.destroy();
    provider.child.stderr?.destroy();
    const { code, signal } = await provider.ended;
    expect([code, signal]).toEqual([1, undefined]);
  } finally {
    provider.kill();
  }
}, 20_000);
