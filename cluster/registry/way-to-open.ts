/**
 * How a registry that is sealed on its volume is opened by `pulumi destroy`, which runs no program: nothing was planned,
 * so nodes and claim are read here. Elsewhere `plan/way-back.ts` decides, by the same rule.
 */
import { type Api, ApiError } from "../api/api";
import type { RawNode, Stored } from "../api/objects";
import { paths } from "../api/paths";
import { lastDone } from "../journal/history";
import type { Journal } from "../journal/journal";
import { defined } from "../../swift/defined";
import { notBeside } from "./beside";
import { readClaim } from "./claim";
import { heldUpBy } from "./held-up";
import { nodesForRegistry, whereOf } from "./nodes";
import { claimOf, opensByRolling } from "./patch";
import { readRegistry } from "./registry";

export interface WayToOpen {
  /** The writable Pod starts beside the read-only one. */
  readonly rolls: boolean;
  /** Why no Pod serves while the registry restarts; absent: one does, or nothing restarts. */
  readonly away?: string;
}

/** Without the right to read nodes or the volume a second Pod is not risked. */
export async function wayToOpen(api: Api, journal: Journal): Promise<WayToOpen> {
  const { config, deployment } = await readRegistry(api);
  const name = claimOf(config?.storage ?? {});
  if (config === undefined || name === undefined || !opensByRolling(config, journal.previous)) {
    return { rolls: false };
  }
  try {
    const [claim, nodes, project] = await Promise.all([
      readClaim(api, name),
      api.list<RawNode>(paths.nodes),
      api.get<Stored>(paths.namespace),
    ]);
    if (claim === undefined) {
      return { rolls: false };
    }
    const where = whereOf(config, journal, project);
    const counted = heldUpBy(nodes, deployment?.topologySpreadConstraints, where);
    const around = {
      journal,
      schedulableNodes: nodesForRegistry(nodes, where),
      ...defined({ heldUpBy: counted.length === 0 ? undefined : counted }),
    };
    const sealing = lastDone(journal.history, "sealing", ({ by }) => by !== "already");
    const away = sealing?.by === "recreate" ? "it was sealed with Recreate" : notBeside(around, claim);
    return { rolls: away === undefined, ...defined({ away }) };
  } catch (error) {
    if (error instanceof ApiError && error.kind === "forbidden") {
      return { rolls: false, away: error.message };
    }
    throw error;
  }
}
