/** `pruner-pause` and `pruner-resume`: see ../pruner.ts. */
import { rememberPrevious } from "../journal/previous";
import { pausePruner, prunerDrift, resumePruner } from "../registry/pruner";
import { sessionOf } from "../session";
import type { PrunerInputs, PrunerOutputs } from "./kinds";
import type { Step } from "./step";

export const prunerPauseStep: Step<PrunerInputs, PrunerOutputs> = {
  kind: "pruner-pause",
  triggers: [],
  async run(inputs, context) {
    const { api, journal, log } = sessionOf(inputs, context);
    await rememberPrevious(api, journal);
    await pausePruner(api, journal, log, inputs.timeoutSeconds);
    return { suspended: true };
  },
  drift: (inputs, _outputs, context) => prunerDrift(sessionOf(inputs, context).api, true),
};

export const prunerResumeStep: Step<PrunerInputs, PrunerOutputs> = {
  kind: "pruner-resume",
  triggers: [],
  async run(inputs, context) {
    const { api, journal, log } = sessionOf(inputs, context);
    return { suspended: await resumePruner(api, journal, log) };
  },
  drift: (inputs, _outputs, context) => prunerDrift(sessionOf(inputs, context).api, false),
};
