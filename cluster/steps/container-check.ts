/**
 * `container-check`: the container as Swift has it, not as the provider thinks: it exists, it is this cluster's, and
 * it is the one the journal remembers. Swift answers a PUT on an existing container with 202 and adopts it silently.
 */
import { sessionOf } from "../session";
import type { ContainerCheckInputs, ContainerCheckOutputs } from "./kinds";
import type { Step } from "./step";

export const containerCheckStep: Step<ContainerCheckInputs, ContainerCheckOutputs> = {
  kind: "container-check",
  triggers: ["container", "infrastructureName"],
  async run(inputs, context) {
    const session = sessionOf(inputs, context);
    const { container, infrastructureName } = inputs;
    const { account, head } = await session.withSwift(async (swift) => ({
      account: swift.account,
      head: await swift.head(container),
    }));
    if (head === undefined) {
      throw new Error(
        `Swift container ${container} does not exist in account ${account}: it was made elsewhere; check openstack:* in ` +
          "the stack config, it must lead to the account of the cluster's own credentials",
      );
    }
    const owner = head.properties["openshiftclusterid"];
    if (owner !== infrastructureName) {
      throw new Error(
        `Swift container ${container} has Openshiftclusterid ${owner === undefined ? "not set" : `"${owner}"`}, this ` +
          `cluster is "${infrastructureName}"; it is not touched. Name another one: pulumi config set container <name>`,
      );
    }
    if (head.properties["name"] !== container) {
      throw new Error(
        `Swift container ${container} has property Name ${head.properties["name"] ?? "not set"}; set it with: ` +
          `openstack container set --property Name=${container} ${container}`,
      );
    }
    await session.journal.update((each) => ({ ...each, container: { name: container, account } }));
    return { account };
  },
};
