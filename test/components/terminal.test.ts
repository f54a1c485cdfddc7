/** What the table of `pulumi up` leaves to its last column, Info: there is where the progress is shown. */
import { build } from "../../components/graph";
import { prepare } from "../../components/materials";
import type { Settings } from "../../config/config";
import type { ReachableObservation } from "../../cluster/observation";
import { plan } from "../../plan/plan";
import { proven, settings, stack, switched, untouched } from "../plan/observations";
import { cloudWith } from "./cloud";
import { declare, type Registered } from "./mocks";

jest.setTimeout(60_000);

/** A type as the CLI shows it (`tokens.Type.DisplayName`): without the module's last part when that is the name again. */
function shown(type: string): string {
  const [where = "", module = "", name = ""] = type.split(":");
  const cut = module.lastIndexOf("/");
  const repeats = module.slice(cut + 1) === `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  return cut >= 0 && repeats ? `${where}:${module.slice(0, cut)}:${name}` : type;
}

function depth({ options: { parent } }: Registered, levels = 1): number {
  return parent === undefined ? levels : levels + 1;
}

/** Columns of the type, indented three for each level, and of the name. The stack's own row is always there. */
function columns(rows: readonly Registered[]): { readonly type: number; readonly name: number } {
  const types = rows.map((row) => 3 * depth(row) + shown(row.type).length);
  return {
    type: Math.max("pulumi:pulumi:Stack".length, ...types),
    name: Math.max("image-registry-swift-dev".length, ...rows.map((row) => row.name.length)),
  };
}

/** Operation (5), `creating (123s)` and the room for its dots (18), two blanks after each of three columns, the last one. */
const fixed = 5 + 18 + 3 * 2 + 1;

async function left(wide: number, wanted: Settings, seen: ReachableObservation, first: boolean) {
  const decision = plan(wanted, seen, { leakingVariables: [] });
  if (!decision.ok) throw new Error(JSON.stringify(decision.refusals));
  const bundle = () => ({ code: "", sha256: "", licences: "" });
  const materials = prepare(
    wanted,
    seen,
    "kubeconfig",
    cloudWith("swordfish"),
    { token: "t", stack },
    bundle,
  );
  const { recorded } = await declare(() => build(decision.plan, materials));
  const rows = recorded.names().map((name) => recorded.get(name));
  const { type, name } = columns(rows.filter((row) => first || !once.test(row.type)));
  return wide - fixed - type - name;
}

/** Made by the first run of a stack and left as they are by the next ones, which do not show them then. */
const once =
  /^(pulumi:providers:|openstack:|reg:swift:|kubernetes:networking|kubernetes:core.v1:ConfigMap|pulumi-nodejs:do:Check)/;

// A way back makes the network policy again, which the switch removed.
test.each([
  ["migrate", settings("migrate", { readOnly: "false" }), untouched],
  ["abort", settings("abort"), switched],
] as const)("%s, with network policy in the table: 28 columns at 130", async (_state, wanted, seen) => {
  expect(await left(130, wanted, seen, true)).toBeGreaterThanOrEqual(28);
});

test.each([
  ["migrate", settings("migrate"), proven],
  ["switch", settings("switch", { releaseVolumeClaim: "true" }), proven],
] as const)("%s, in a later run: 18 columns at 100, 30 more at 130", async (_state, wanted, seen) => {
  expect(await left(100, wanted, seen, false)).toBeGreaterThanOrEqual(18);
});
