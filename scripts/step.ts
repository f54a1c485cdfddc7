/**
 * Runs one step against a cluster without the engine, as the dynamic provider would: to see again what went wrong, with
 * a debugger attached if need be. It acts: steps are idempotent and check the run's token before each change.
 */
import { apiFor } from "../cluster/api/api";
import { loadKubeConfig } from "../cluster/api/kube";
import { readJournal } from "../cluster/journal/store";
import type { StepKind } from "../cluster/steps/kinds";
import { create, kinds } from "../cluster/steps/provider";
import { command, configFrom, readJson, runAsCommand, UsageError } from "./command";

const usage = `npm run step -- KIND FILE [--set kubernetes:kubeconfig=FILE ...] [--config FILE]
  KIND  one of ${kinds.join(", ")}
  FILE  the step's inputs as JSON (cluster/steps/kinds.ts), or what pulumi stack export wrote, with one step of KIND;
        --name NAME chooses among several
The run's token is the one in the journal unless FILE is plain inputs that say another.`;

type Values = Readonly<Record<string, unknown>>;

const line = {
  allowPositionals: true,
  options: {
    set: { type: "string", multiple: true },
    config: { type: "string" },
    name: { type: "string" },
  },
} as const;

export const stepCommand = command(usage, line, async ({ values, positionals }, print) => {
  const [kind, file] = positionals;
  if (!isKind(kind) || file === undefined) throw new UsageError(usage);
  const config = configFrom(values.config, values.set ?? []);
  const inputs = inputsOf(readJson(file), kind, values.name);
  const token = inputs["token"] ?? (await tokenOf(config));
  const { outs } = await create(kind, { ...inputs, token }, config);
  print(JSON.stringify(outs, undefined, 2));
  return 0;
});

function isKind(kind: string | undefined): kind is StepKind {
  return kinds.some((each) => each === kind);
}

interface Exported {
  readonly deployment: {
    readonly resources?: readonly { readonly urn: string; readonly inputs?: Values }[];
  };
}

/** Plain inputs as they are; of a stack's export those of the one step of this kind, without the run's token. */
function inputsOf(read: unknown, kind: StepKind, name: string | undefined): Values {
  if (typeof read !== "object" || read === null) throw new UsageError("the inputs are no JSON object");
  if (!("deployment" in read)) return read as Values;
  const steps = ((read as Exported).deployment.resources ?? [])
    .map(({ urn, inputs = {} }) => ({ name: urn.split("::").at(-1) ?? urn, inputs }))
    .filter((each) => each.inputs["kind"] === kind && (name === undefined || each.name === name));
  const [found, ...more] = steps;
  if (found === undefined) throw new UsageError(`the export has no step of kind ${kind}`);
  if (more.length > 0)
    throw new UsageError(
      `the export has several steps of kind ${kind}: choose with --name ${steps.map((each) => each.name).join(" | ")}`,
    );
  return Object.fromEntries(
    Object.entries(found.inputs).filter(([key]) => key !== "token" && !key.startsWith("__")),
  );
}

async function tokenOf(config: Readonly<Record<string, string>>): Promise<string> {
  const api = apiFor(
    loadKubeConfig({ kubeconfig: config["kubernetes:kubeconfig"], context: config["kubernetes:context"] }),
  );
  const token = (await readJournal(api))?.run?.token;
  if (token === undefined)
    throw new UsageError(
      "the cluster has no journal with a run to act as: add a token to the inputs, or run pulumi up once",
    );
  return token;
}

if (require.main === module) void runAsCommand(stepCommand);
