import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { stepProvider } from "../../components/step-provider";
import { declareStep } from "../../components/steps";
import { declare } from "./mocks";

jest.setTimeout(60_000);

const project = join(__dirname, "../..");

/** The provider as it lies in the state. */
async function serialized(): Promise<string> {
  const { recorded } = await declare(() =>
    declareStep("journal", "journal", { token: "t", stack: "s" }, { claim: "image-registry-storage" }),
  );
  const { inputs } = recorded.get("journal");
  expect(inputs).toMatchObject({ kind: "journal", claim: "image-registry-storage", token: "t", stack: "s" });
  return inputs["__provider"] as string;
}

test("the state holds little code, none of the project's own, and no path of this machine", async () => {
  const text = await serialized();
  expect(text.length).toBeLessThan(10_000);
  expect(text).not.toContain(project);
  expect(text).toContain("./cluster/steps/provider");
});

test("loaded again from the state, in the project's folder, it runs the project's steps", async () => {
  const text = await serialized();
  // As the provider process does it: a module from text, then the factory's object. A kubeconfig that does not exist
  // is the first thing a step says.
  const script = `
    const m = new (require("node:module"))("provider"); m.paths = module.paths; m._compile(process.argv[1], "provider.js");
    const provider = m.exports.handler();
    (async () => {
      await provider.configure({ config: { get: (key) => (key === "kubernetes:kubeconfig" ? "/nowhere/kubeconfig" : undefined) } });
      const inputs = { kind: "journal", claim: "c", token: "t", stack: "s" };
      const same = await provider.diff("id", inputs, { ...inputs, token: "u" });
      const other = await provider.diff("id", inputs, { ...inputs, claim: "d" });
      const failed = await provider.create(inputs).then(() => "created", (error) => error.message);
      console.log(JSON.stringify({ same: same.changes, other: other.changes, failed }));
    })();`;
  const out = execFileSync(process.execPath, ["-e", script, text], { cwd: project, encoding: "utf8" });
  expect(JSON.parse(out.trim().split("\n").at(-1) ?? "")).toEqual({
    same: false,
    other: true,
    failed: expect.stringContaining(
      'kubernetes:kubeconfig names "/nowhere/kubeconfig", which does not exist',
    ),
  });
});

test("the provider keeps only what tells the way to cluster and cloud", async () => {
  const provider = { ...stepProvider, config: {} as Record<string, string> };
  const values: Readonly<Record<string, string>> = {
    "kubernetes:context": "c",
    "openstack:authUrl": "https://k",
    "image-registry-swift:state": "migrate",
  };
  const config = { get: (key: string) => values[key] } as pulumi.dynamic.Config;
  await provider.configure({ config });
  expect(provider.config).toEqual({ "kubernetes:context": "c", "openstack:authUrl": "https://k" });
});
