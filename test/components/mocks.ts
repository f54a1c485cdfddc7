/**
 * Pulumi without an engine: records what every resource was registered with, options included. A call that no test
 * expects throws.
 */
import * as pulumi from "@pulumi/pulumi";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Filled in after the mocks by the transform. */
  readonly options: pulumi.CustomResourceOptions & pulumi.ComponentResourceOptions;
}

export interface Recording {
  /** Of the last `declare`: by logical name. */
  get(name: string): Registered;
  has(name: string): boolean;
  names(): readonly string[];
}

/** What a fresh resource answers besides its inputs, by type. */
const answers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "kubernetes:core/v1:Pod": { metadata: { uid: "pod-uid" } },
  "kubernetes:batch/v1:Job": { metadata: { uid: "job-uid" } },
  "pulumi-nodejs:do:Patch": {
    witness: { deploymentUid: "deployment-1", revision: 5 },
  },
  "pulumi-nodejs:do:Check": { account: "https://swift.example/v1/AUTH_1" },
  "pulumi-nodejs:do:Copy": {
    report: JSON.stringify({
      copied: { objects: 3, bytes: 2048 },
      skipped: { objects: 4, bytes: 0 },
      deleted: { objects: 1, bytes: 0 },
      corrupt: [{ digest: "sha256:0", usedBy: [] }],
      corruptMore: 1,
      retries: 0,
      startedAt: "2025-12-31T23:59:00Z",
      proven: true,
      finishedAt: "2026-01-01T00:00:00Z",
    }),
    proven: true,
  },
};

/** Declares resources and waits until all of them are registered. */
export async function declare<T>(make: () => T, preview = false): Promise<{ made: T; recorded: Recording }> {
  const seen = new Map<string, Registered>();
  const options = new Map<string, Registered["options"]>();
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        if (args.type === "pulumi:pulumi:Stack") return { id: "stack", state: {} };
        if (seen.has(args.name)) throw new Error(`two resources are called ${args.name}`);
        const inputs = args.inputs as Record<string, unknown>;
        seen.set(args.name, {
          type: args.type,
          name: args.name,
          inputs,
          options: options.get(args.name) ?? {},
        });
        const answer = answers[args.type] ?? {};
        const metadata = { ...(inputs["metadata"] as object), ...(answer["metadata"] as object) };
        // As the engine names what has no name.
        const name = typeof inputs["name"] === "string" ? inputs["name"] : `${args.name}-18c7a89`;
        return { id: `${args.name}-id`, state: { name, ...inputs, ...answer, metadata } };
      },
      call(args) {
        throw new Error(`no call is expected: ${args.token}`);
      },
    },
    "image-registry-swift",
    "dev",
    preview,
    "organization",
  );
  let made: T | undefined;
  // Options do not reach the mocks: a transformation of the stack sees them, of every resource.
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation((args) => {
      options.set(args.name, args.opts);
      return undefined;
    });
    made = make();
    return {};
  });
  const get = (name: string) => {
    const found = seen.get(name);
    if (found === undefined)
      throw new Error(`no resource ${name}; there are: ${[...seen.keys()].join(", ")}`);
    return found;
  };
  // Outputs of components are registered after their children; the next mocks must not get them.
  await pulumi.runtime.disconnect();
  if (made === undefined) throw new Error("nothing was declared");
  return { made, recorded: { get, has: (name) => seen.has(name), names: () => [...seen.keys()] } };
}

/** The value of an output. */
export function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

/** URNs of what a resource depends on. */
export async function dependencies(registered: Registered): Promise<readonly string[]> {
  const { dependsOn = [] } = registered.options;
  const list = await value(pulumi.output(dependsOn as pulumi.Resource[]));
  const urns = await Promise.all([list].flat().map((each) => value(each.urn)));
  return urns.map((urn) => urn.split("::").at(-1) ?? "");
}

/** What a secret input holds; throws when it is no secret. */
export function secretValue(input: unknown): unknown {
  const marker = "4dabf18193072939515e22adb298388d";
  const record = input as Record<string, unknown> | undefined;
  if (record?.[marker] !== "1b47061264138c4ac30d75fd1eb44270")
    throw new Error(`no secret: ${JSON.stringify(input)}`);
  return record["value"];
}
