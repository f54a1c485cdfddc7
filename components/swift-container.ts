import * as pulumi from "@pulumi/pulumi";
import { Container } from "@pulumi/openstack/objectstorage/container";
import { declareStep, type DeclaredStep, type RunToken } from "./steps";
import { defined } from "../swift/defined";

export interface SwiftContainerArgs {
  /** Name of an existing container; without one, a new container `<infrastructure name>-image-registry-<random>`. */
  readonly container?: string;
  /** Value of property Openshiftclusterid, by which OpenShift's installer finds what to delete with the cluster. */
  readonly infrastructureName: string;
  readonly run: RunToken;
}

/**
 * The Swift container for the images, with the properties that OpenShift's installer looks for. Nothing in this program
 * deletes or empties it (invariant 3).
 */
export class SwiftContainer extends pulumi.ComponentResource {
  /** The container's name, once it exists with the right properties. */
  readonly container: pulumi.Output<string>;
  readonly account: pulumi.Output<string>;

  constructor(name: string, args: SwiftContainerArgs, options: pulumi.ComponentResourceOptions = {}) {
    // Arguments are stored in the state. The run's token and a name that becomes known later would show as changes.
    const { infrastructureName } = args;
    super("reg:swift:Container", name, { infrastructureName }, options);
    const made = this.makeContainer(args);
    const check = this.checkContainer(name, args, made);
    this.container = pulumi.all([made.name, check.account]).apply(([container]) => container);
    this.account = check.account;
    this.registerOutputs({ container: this.container, account: this.account });
  }

  private makeContainer(args: SwiftContainerArgs): Container {
    const { infrastructureName } = args;
    return new Container(
      // Pulumi appends a random suffix, which makes the name that the installer's documentation asks for.
      `${infrastructureName}-image-registry`,
      {
        ...defined({ name: args.container }),
        // Property Name cannot be set here: Pulumi has not named the container yet. The check below sets it.
        metadata: { Openshiftclusterid: infrastructureName },
        forceDestroy: false,
      },
      { parent: this, retainOnDelete: true, replaceOnChanges: ["name"] },
    );
  }

  private checkContainer(
    name: string,
    args: SwiftContainerArgs,
    made: Container,
  ): DeclaredStep<"container-check"> {
    const { infrastructureName, run } = args;
    return declareStep(
      "container-check",
      `${name}-check`,
      run,
      { container: made.name, infrastructureName, named: args.container !== undefined },
      { parent: this },
    );
  }
}
