/** `registry-patch`: sends one merge patch on the registry config and waits for its effect, by purpose. */
import { readJournal } from "../journal/store";
import { readRegistry } from "../registry/registry";
import { sessionOf } from "../session";
import type { PatchPurpose, RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";
import { openRegistry } from "./opening";
import { setReplicas } from "./replicas";
import { rolledOut } from "./rolled-out";
import { seal } from "./seal";
import { defined } from "../../swift/defined";
import type { Step, StepContext } from "./step";
import { drifted } from "./drift";
import { toSwiftStep } from "./to-swift";
import { toVolumeStep } from "./to-volume";

export const registryPatchStep: Step<RegistryPatchInputs, RegistryPatchOutputs> = {
  kind: "registry-patch",
  triggers: ["purpose", "state", "seal", "container", "replicas"],
  run: (inputs, context) => byPurpose[inputs.purpose](inputs, context),
  async drift(inputs, outputs, context) {
    const { api } = sessionOf(inputs, context);
    return drifted(inputs, outputs, await readRegistry(api), await readJournal(api));
  },
};

type Run = (inputs: RegistryPatchInputs, context: StepContext) => Promise<RegistryPatchOutputs>;

const byPurpose: Readonly<Record<PatchPurpose, Run>> = {
  seal: (inputs, context) => seal(inputs, sessionOf(inputs, context)),
  "to-swift": (inputs, context) => toSwiftStep(inputs, sessionOf(inputs, context)),
  "to-volume": (inputs, context) => toVolumeStep(inputs, sessionOf(inputs, context)),
  open: async (inputs, context) => {
    const { timeoutSeconds, state, rolls } = inputs;
    const order = { timeoutSeconds, state, ...defined({ rolls }) };
    const result = await openRegistry(sessionOf(inputs, context), order);
    return { ...rolledOut(result), readOnly: result.seen.config?.readOnly ?? false };
  },
  replicas: (inputs, context) => setReplicas(inputs, sessionOf(inputs, context)),
};
