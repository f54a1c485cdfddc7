/**
 * `container-check`: the container as Swift has it, not as the provider thinks: it exists in the operator's own account,
 * it is this cluster's, it has the two properties by which the installer finds it. Property Name can only be set here:
 * the name is made with the container. Swift answers a PUT on an existing container with 202 and adopts it silently.
 */
import { withContainer } from "../cloud/container";
import type { Journal } from "../journal/journal";
import { readJournal } from "../journal/store";
import { type Session, sessionOf } from "../session";
import type { SwiftSide } from "../cloud/swift-side";
import type { ContainerCheckInputs, ContainerCheckOutputs } from "./kinds";
import type { Step } from "./step";

type Head = Awaited<ReturnType<SwiftSide["head"]>>;

export const containerCheckStep: Step<ContainerCheckInputs, ContainerCheckOutputs> = {
  kind: "container-check",
  triggers: ["container", "infrastructureName"],
  run: (inputs, context) => checkContainer(inputs, sessionOf(inputs, context)),
  async drift(inputs, _outputs, context) {
    const session = sessionOf(inputs, context);
    const journal = await readJournal(session.api);
    const head = await session.withSwift((swift) => swift.head(inputs.container));
    return containerDrift(inputs, journal, head);
  },
};

/** What differs from what this step left, in Swift or in the journal. Pure. */
export function containerDrift(
  inputs: Pick<ContainerCheckInputs, "container" | "infrastructureName">,
  journal: Journal | undefined,
  head: Head,
): readonly string[] {
  const { container, infrastructureName } = inputs;
  if (head === undefined) {
    return ["container"];
  }
  return [
    ...Object.keys(missingProperties(head.properties, container, infrastructureName)),
    ...(journal?.container?.name === container ? [] : ["journal"]),
  ];
}

export async function checkContainer(
  inputs: ContainerCheckInputs,
  session: Session,
): Promise<ContainerCheckOutputs> {
  const { container, infrastructureName } = inputs;
  const account = await session.withSwift(async (swift) => {
    const head = await swift.head(container);
    if (head === undefined) {
      throw new Error(
        `Swift container ${container} does not exist in account ${swift.account}; if it was deleted: pulumi up ` +
          "--refresh makes it again; else it was made elsewhere: check openstack:* in the stack config, it must lead to " +
          "the account of the cluster's own credentials",
      );
    }
    const missing = missingProperties(head.properties, container, infrastructureName);
    assertOurs(inputs, head.objects, await session.journal.assertRun());
    // The journal comes before the mark: a container with the mark counts as looked at.
    await session.journal.update((each) => withContainer(each, container, swift.account, head));
    if (Object.keys(missing).length > 0) {
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
  return { account };
}

/**
 * A container that the plan did not know by name should be new and empty. With the journal deleted it may be the one in
 * the Pulumi state, which nothing has looked into (invariant 9).
 */
function assertOurs(inputs: ContainerCheckInputs, objects: number, journal: Journal): void {
  const { container } = inputs;
  if (inputs.named === true || objects === 0 || journal.container?.name === container) {
    return;
  }
  throw new Error(
    `Swift container ${container} is in this stack's state and holds ${objects} objects, but the journal does not know ` +
      "it (it was deleted?), so nobody can tell what they are; to adopt it nevertheless: pulumi config set container " +
      `${container}, and run the same command again`,
  );
}

/**
 * The properties to set so that `openshift-install destroy cluster` finds the container. A container of another
 * cluster is never taken, and a Name that somebody else gave it stays.
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
