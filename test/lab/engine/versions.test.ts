import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../e2e/support/project";
import { goProblems, goTooOld, isOlder, moduleFolder, pinnedVersion, wantedGo } from "../go/command";
import { versions } from "./versions";

const json = (...path: string[]) =>
  JSON.parse(readFileSync(join(projectRoot, ...path), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };

describe("the versions of Pulumi's parts", () => {
  const wanted = json("package.json");

  it.each([
    ["@pulumi/pulumi", versions.sdk],
    ["@pulumi/kubernetes", versions.kubernetes],
    ["@pulumi/openstack", versions.openstack],
    ["pulumi", versions.npm],
  ])("%s is %s in package.json and where it is installed", (name, version) => {
    expect({ ...wanted.dependencies, ...wanted.devDependencies }[name]).toBe(version);
    expect(json("node_modules", name, "package.json").version.replace(/^v/, "")).toBe(version);
  });

  it.each([
    ["engine/cli", "github.com/pulumi/pulumi/pkg/v3", versions.cli],
    ["engine/language-nodejs", "github.com/pulumi/pulumi/sdk/v3", versions.languageHost],
    ["engine/kubernetes", "github.com/pulumi/pulumi-kubernetes/provider/v4", versions.kubernetesModule],
    [
      "engine/openstack",
      "github.com/terraform-provider-openstack/terraform-provider-openstack/v3",
      versions.terraform,
    ],
    ["engine/openstack", "github.com/pulumi/pulumi-terraform-bridge/v3", versions.bridge],
  ] as const)("%s pins %s %s", (folder, module, version) => {
    expect(pinnedVersion(moduleFolder(folder), module)).toBe(`v${version}`);
  });

  it("the OpenStack provider has the Terraform SDK that the bridge wants", () => {
    const text = readFileSync(join(moduleFolder("engine/openstack"), "go.mod"), "utf8");
    expect(text).toContain(
      `replace github.com/hashicorp/terraform-plugin-sdk/v2 => github.com/pulumi/terraform-plugin-sdk/v2 v${versions.terraformSdk}\n`,
    );
  });

  it.each([
    ["the CLI that is built", versions.cli],
    ["the CLI that npm downloads", versions.npm],
  ])("%s fits the SDK", (_, cli) => {
    expect(cli.split(".")[0]).toBe(versions.sdk.split(".")[0]);
    expect(isOlder(cli, "3.260.0")).toBe(false);
  });
});

describe("the Go that is wanted", () => {
  it("is the newest that one of the modules asks for, and README says the same", () => {
    expect(wantedGo()).toMatch(/^1\.\d+(\.\d+)?$/);
    expect(readFileSync(join(projectRoot, "README.md"), "utf8")).toContain(`Go ${wantedGo()} or newer`);
  });

  it("compares numbers, not texts", () => {
    expect(isOlder("1.9", "1.26.6")).toBe(true);
    expect(isOlder("1.26.6", "1.26.6")).toBe(false);
    expect(isOlder("1.26", "1.26.6")).toBe(true);
    expect(isOlder("1.27", "1.26.6")).toBe(false);
  });

  it("may be fetched by an older one, unless that is forbidden or too old for it", () => {
    expect(goTooOld("1.26.8", "local", "1.26.6")).toBeUndefined();
    expect(goTooOld("1.25.0", "auto", "1.26.6")).toBeUndefined();
    expect(goTooOld("1.25.0", "local", "1.26.6")).toBe(
      "go is 1.25.0 and GOTOOLCHAIN=local keeps it from fetching a newer one: install Go 1.26.6 or newer",
    );
    expect(goTooOld("1.19.8", "", "1.26.6")).toBe("go is 1.19.8: install Go 1.26.6 or newer");
  });

  it("is named where there is none", () => {
    expect(goProblems(["/nowhere"])).toEqual([
      expect.stringMatching(/^go is not on PATH: .*install Go 1\.\d+(\.\d+)? or newer$/),
    ]);
  });
});
