/** The puller's Pod on a fake API server: it ends as the test says, once its order is there. */
import { paths } from "../../../cluster/api/paths";
import { pullCheckName } from "../../../cluster/names";
import type { Failure, PullerLine, PullResult } from "../../../cluster/pull-check/order";
import type { FakeApi } from "./fake-api";

export interface Ending {
  readonly phase?: "Succeeded" | "Failed";
  readonly result?: Omit<PullResult, "failures">;
  readonly failures?: readonly Failure[];
  /** Instead of a result. */
  readonly message?: string;
}

export function endPuller(api: FakeApi, ending: Ending): void {
  const pod = paths.pod(pullCheckName);
  const { phase = "Succeeded", result, failures = [], message } = ending;
  const lines: PullerLine[] = failures.map((failure) => ({ event: "failure", failure }));
  if (result !== undefined) lines.push({ event: "result", result, failures: failures.length });
  const before = api.react;
  api.react = (path) => {
    before(path);
    // The Pod gets a node, and so ends, once what it mounts is there and nothing holds it any more.
    const { spec } = (api.objects.get(pod) ?? {}) as { spec?: { schedulingGates?: unknown } };
    const held = spec === undefined || spec.schedulingGates !== undefined;
    if (path === pod && !held && api.objects.has(paths.secret(pullCheckName))) {
      const said = message ?? lines.map((line) => JSON.stringify(line)).join("\n");
      const terminated = { exitCode: phase === "Succeeded" ? 0 : 1, message: said };
      api.edit(pod, { status: { phase, containerStatuses: [{ state: { terminated } }] } });
    }
  };
}
