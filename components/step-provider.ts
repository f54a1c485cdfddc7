/**
 * The dynamic provider behind every step. Its code is stored in the Pulumi state and runs from there, so it does
 * nothing but load cluster/steps/provider.ts from the program's folder, in which the provider process starts, and call
 * it. So today's code runs, and the state holds none that could grow old.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { StepKind } from "../cluster/steps/kinds";
import type * as steps from "../cluster/steps/provider";

/** What cluster/steps/provider.ts exports. */
type Steps = typeof steps;
type Config = Record<string, string>;
type Props = Record<string, unknown> & { readonly kind: StepKind };

/** Loads the steps from the project's folder, compiling them. Runs in the provider process only. */
async function loadSteps(): Promise<Steps> {
  const { createRequire } = await import("node:module");
  const fromProject = createRequire(`${process.cwd()}/`);
  const compiler = fromProject("ts-node") as { register(options: object): unknown };
  compiler.register({ transpileOnly: true, compilerOptions: { rootDir: process.cwd() } });
  // This path is stored in users' states: frozen once the first release is tagged.
  return fromProject("./cluster/steps/provider") as Steps;
}

/**
 * The provider object, which Pulumi serialises into the state: no class, no module-level state, no secret. `configure`
 * runs once per process and keeps the configuration of cluster and cloud.
 */
export const stepProvider = {
  config: {} as Config,

  async configure(request: pulumi.dynamic.ConfigureRequest): Promise<void> {
    const openstack = [
      "authUrl",
      "userName",
      "userId",
      "password",
      "userDomainName",
      "userDomainId",
      "domainName",
      "domainId",
      "tenantName",
      "tenantId",
      "projectDomainName",
      "projectDomainId",
      "applicationCredentialId",
      "applicationCredentialName",
      "applicationCredentialSecret",
      "region",
      "endpointType",
      "cacertFile",
      "insecure",
    ].map((key) => `openstack:${key}`);
    for (const key of ["kubernetes:kubeconfig", "kubernetes:context", ...openstack]) {
      const value = request.config.get(key);
      if (value !== undefined) this.config[key] = value;
    }
  },

  async create(inputs: Props): Promise<pulumi.dynamic.CreateResult> {
    return (await loadSteps()).create(inputs.kind, inputs, this.config);
  },

  async update(id: string, olds: Props, news: Props): Promise<pulumi.dynamic.UpdateResult> {
    return (await loadSteps()).update(news.kind, id, olds, news, this.config);
  },

  async diff(id: string, olds: Props, news: Props): Promise<pulumi.dynamic.DiffResult> {
    return (await loadSteps()).diff(news.kind, id, olds, news, this.config);
  },

  async read(id: string, props: Props): Promise<pulumi.dynamic.ReadResult> {
    return (await loadSteps()).read(props.kind, id, props);
  },

  async delete(id: string, props: Props): Promise<void> {
    await (await loadSteps()).remove(props.kind, id, props, this.config);
  },
};
