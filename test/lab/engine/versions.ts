/**
 * The versions of Pulumi's parts, in one place. A test compares them with package.json and the go.mod files here.
 *
 * Which of them move together:
 * - `sdk` and `cli`: the same major version; the CLI serves the program and its dynamic providers through gRPC
 *   services that only grow, so it may be newer, and from 3.260 on older ones were seen to do. The npm package `pulumi`
 *   (`npm`) is that CLI, downloaded: the same rule.
 * - `languageHost`: the last release of the Go module that contains the host's sources; it only starts Node.js and
 *   passes gRPC on. It moves alone, and has to be tried with each new `sdk` (npm run test:e2e -- --only way).
 * - `kubernetes`: the npm package and the plugin have one version, and the engine asks for the plugin by the
 *   package's. The module's sources must know the same resources and properties: the contract test compares them.
 * - `openstack`: as kubernetes; the resource comes from the Terraform provider (`terraform`) through the bridge
 *   (`bridge`). The bridge and its `replace` of the Terraform SDK move together: its own go.mod names both.
 */
export const versions = {
  /** npm package @pulumi/pulumi. */
  sdk: "3.270.0",
  /** Go module github.com/pulumi/pulumi/pkg/v3. */
  cli: "3.274.1",
  /** npm package pulumi. */
  npm: "3.265.0",
  /** Go module github.com/pulumi/pulumi/sdk/v3, for pulumi-language-nodejs. */
  languageHost: "3.68.0",
  /** npm package @pulumi/kubernetes, and the plugin. */
  kubernetes: "4.34.2",
  /** Go module github.com/pulumi/pulumi-kubernetes/provider/v4. */
  kubernetesModule: "4.0.0-20260115033456-f47bc2d6f199",
  /** npm package @pulumi/openstack, and the plugin. */
  openstack: "3.15.2",
  /** Go module github.com/terraform-provider-openstack/terraform-provider-openstack/v3. */
  terraform: "3.4.0",
  /** Go module github.com/pulumi/pulumi-terraform-bridge/v3. */
  bridge: "3.135.0",
  /** What the bridge puts in the place of github.com/hashicorp/terraform-plugin-sdk/v2. */
  terraformSdk: "2.0.0-20260318212141-5525259d096b",
} as const;
