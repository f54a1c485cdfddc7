import { defined } from "../../swift/defined";
import type { Api } from "./api";
import type { Stored } from "./objects";

/** Removes the object that stands there now, and not one of the same name that is made meanwhile. False: there is none. */
export async function removeIfThere(
  api: Pick<Api, "get" | "remove">,
  path: string,
  graceSeconds?: number,
): Promise<boolean> {
  const found = await api.get<Stored>(path);
  return found !== undefined && api.remove(path, { uid: found.metadata.uid, ...defined({ graceSeconds }) });
}
