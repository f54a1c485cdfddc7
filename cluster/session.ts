/** What every step works with: the API server, this run's journal, and the cloud when it is needed. */
import { type Api, apiFor } from "./api/api";
import type { Log } from "./api/wait";
import { readCloudSources, resolveCloud, type ResolvedCloud } from "./cloud/cloud";
import { type JournalOfRun, journalOf } from "./journal/store";
import type { CommonInputs, StepContext } from "./steps/step";
import { connectSwift, type SwiftSide } from "./cloud/swift-side";

export interface Session {
  readonly kube: StepContext["kube"];
  readonly api: Api;
  readonly journal: JournalOfRun;
  readonly log: Log;
  /** Milliseconds between two looks while waiting; for tests. */
  readonly pace?: number;
  /** Reads the cluster's own secret and resolves the cloud from it, because secrets are never inputs of a step. */
  cloud(): Promise<ResolvedCloud>;
  /** Logs in to Swift, runs the function with it, and closes the connection. */
  withSwift<T>(use: (swift: SwiftSide) => Promise<T>): Promise<T>;
}

export function sessionOf(inputs: Pick<CommonInputs, "token">, context: StepContext): Session {
  const api = apiFor(context.kube);
  const cloud = async () => {
    const found = resolveCloud(await readCloudSources(api), context.openstack);
    if (!found.ok) {
      throw new Error(found.message);
    }
    return found;
  };
  return {
    kube: context.kube,
    api,
    journal: journalOf(api, inputs.token, context.log),
    log: context.log,
    cloud,
    async withSwift(use) {
      const swift = await connectSwift(await cloud());
      try {
        return await use(swift);
      } finally {
        await swift.close();
      }
    },
  };
}
