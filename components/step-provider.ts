/**
 * The thin shell around the steps: a dynamic provider that does nothing itself. Its code is stored in the Pulumi state
 * and run from there, so it only finds the program's own folder (the provider process starts in it) and calls
 * cluster/steps/provider.ts there. What runs is always today's code, and the state holds none that ages.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { StepKind } from "../cluster/steps/kinds";
import type * as steps from "../cluster/steps/provider";

/** What cluster/steps/provider.ts exports. */
type Steps = typeof steps;
type Config = Record<string, string>;
type Props = Record<string, unknown> & { readonly kind: StepKind };

/** Finds the steps by the folder of the project, compiled on the way. Runs in the provider process only. */
async function loadSteps(): Promise<Steps> {
  const { createRequire } = await import("node:module");
  const fromProject = createRequire(`${process.cwd()}/`);
  const compiler = fromProject("ts-node") as { register(options: object): unknown };
  compiler.register({ transpileOnly: true, compilerOptions: { rootDir: process.cwd() } });
  // This path is stored in users' states: frozen once the first release is tagged.
  return fromProject("./cluster/steps/provider") as Steps;
}

/**
 * The provider object, captured whole into the state: no class, no module-level state, nothing secret.
 * `configure` runs once per process and keeps what tells the way to the cluster and to the cloud.
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
