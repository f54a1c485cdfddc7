/**
 * `container-check`: the container as Swift has it, not as the provider thinks: it exists in the operator's own account,
 * it is this cluster's, it has the two properties by which the installer finds it. Property Name can only be set here:
 * the name is made with the container. Swift answers a PUT on an existing container with 202 and adopts it silently.
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
    const account = await session.withSwift(async (swift) => {
      const head = await swift.head(container);
      if (head === undefined) {
        throw new Error(
          `Swift container ${container} does not exist in account ${swift.account}: it was made elsewhere; check ` +
            "openstack:* in the stack config, it must lead to the account of the cluster's own credentials",
        );
      }
      const missing = missingProperties(head.properties, container, infrastructureName);
      if (Object.keys(missing).length > 0) {
        await session.journal.assertRun();
        await swift.setProperties(container, missing);
      }
      const after = await swift.head(container);
      const still = missingProperties(after?.properties ?? {}, container, infrastructureName);
      if (Object.keys(still).length > 0) {
        throw new Error(
          `Swift container ${container} did not take the properties ${Object.keys(still).join(", ")}; set them with: ` +
            `openstack container set --property Name=${container} --property ` +
            `Openshiftclusterid=${infrastructureName} ${container}`,
        );
      }
      return swift.account;
    });
    await session.journal.update((each) => ({ ...each, container: { name: container, account } }));
    return { account };
  },
};

/**
 * What is to be set so that `openshift-install destroy cluster` finds the container. Another cluster's is never taken,
 * and a Name that somebody gave is theirs.
 */
export function missingProperties(
  properties: Readonly<Record<string, string>>,
  container: string,
  infrastructureName: string,
): Readonly<Record<string, string>> {
  const owner = properties["openshiftclusterid"];
  if (owner !== undefined && owner !== "" && owner !== infrastructureName) {
    throw new Error(
      `Swift container ${container} has Openshiftclusterid "${owner}", this cluster is "${infrastructureName}"; it is not ` +
        "touched. Name another one: pulumi config set container <name>",
    );
  }
  return {
    ...(owner === infrastructureName ? {} : { Openshiftclusterid: infrastructureName }),
    ...((properties["name"] ?? "") === "" ? { Name: container } : {}),
  };
}
