/**
 * The last patch of the switch: as many replicas as the nodes can take. It comes last, because with two replicas and
 * their required anti-affinity every further rollout goes Pod by Pod (opening took 155 s instead of 25).
 */
import { served } from "../registry/evidence";
import { containerOf, replicas } from "../registry/patch";
import { rollOut } from "../registry/rollout";
import type { Session } from "../session";
import type { RegistryPatchInputs, RegistryPatchOutputs } from "./kinds";
import { rolledOut } from "./rolled-out";

export async function setReplicas(
  inputs: RegistryPatchInputs,
  session: Session,
): Promise<RegistryPatchOutputs> {
  const count = inputs.replicas ?? 0;
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`replicas: ${String(inputs.replicas)} is not a number of replicas; give 1 or more`);
  }
  await session.journal.assertRun();
  const result = await rollOut(
    {
      name: "replicas",
      patch: () => replicas(count),
      done: (seen) =>
        // Until the operator has passed the number on, the Deployment has all replicas that it wants.
        (seen.deployment?.replicas ?? 0) === count
          ? served(seen, { storage: "swift", container: containerOf(seen.config?.storage ?? {}) ?? "" })
          : { ok: false, waitingFor: `the operator to give the Deployment ${count} replica(s)` },
      timeoutSeconds: inputs.timeoutSeconds,
      next: `the registry is open meanwhile; with fewer nodes set: pulumi config set replicas ${Math.max(1, count - 1)}`,
    },
    session,
  );
  if (result.sent > 0) {
    session.log(`${count} replica(s) are available (${result.seconds} s)`);
  }
  return rolledOut(result);
}
