/** Whether the operator had to make the container itself: then it looks at another account, or the name is wrong. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "../api/api";
import type { RawRegistryConfig } from "../api/objects";
import { paths } from "../api/paths";
import { madeItsOwnContainer } from "./evidence";
import { parseConditions } from "./registry";
import { defined } from "../../swift/defined";

export interface OwnContainerWatch {
  /** Whether an event since the beginning said so. */
  found(): boolean;
  stop(): void;
}

/** For rollouts that do not depend on it. */
export const unwatched: OwnContainerWatch = { found: () => false, stop: () => undefined };

/** Milliseconds until a watch that ended is begun again. */
const pause = 1000;

/**
 * "Swift Container Created" lasts only until the operator's next look, too short to be found by polling: the events of
 * the config are followed. The watch only adds to what each turn of the wait reads; one that breaks is begun again.
 */
export function watchForOwnContainer(api: Api): OwnContainerWatch {
  const abort = new AbortController();
  let found = false;
  const seen = (event: RawRegistryConfig) => {
    found ||= madeItsOwnContainer(parseConditions(event.status?.conditions));
  };
  const follow = async () => {
    let version: string | undefined;
    while (!abort.signal.aborted) {
      version = await followOnce(api, version, seen, abort.signal).catch(() => undefined);
      await sleep(pause, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  };
  void follow();
  return { found: () => found, stop: () => abort.abort() };
}

/** One watch to its end; answers the version to go on from, `undefined` when it has to begin with the present state. */
async function followOnce(
  api: Api,
  from: string | undefined,
  seen: (event: RawRegistryConfig) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = {
    watch: "true",
    fieldSelector: "metadata.name=cluster",
    timeoutSeconds: "240",
    ...defined({ resourceVersion: from }),
  };
  let version = from;
  for await (const line of api.lines(paths.registryConfigs, query, signal)) {
    const event = JSON.parse(line) as { type: string; object: RawRegistryConfig };
    if (event.type === "ERROR") {
      return undefined;
    }
    // Without a version the first event is the state at the beginning, which may be older than the patch.
    if (version !== undefined) {
      seen(event.object);
    }
    version = event.object.metadata.resourceVersion;
  }
  return version;
}
