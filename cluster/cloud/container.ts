/** A container as Swift has it: whether it is still the one that the journal knows. Pure. */
import type { Journal } from "../journal/journal";
import { without } from "../journal/store";
import type { ObservedContainer } from "../observation";

type Found = Pick<ObservedContainer, "exists" | "objects" | "properties">;

/**
 * Whether a container that the journal knew is gone, or was deleted and made again: only this program sets property Name,
 * after the container was made, so an empty one without it has not been looked at yet.
 */
export function isRemade(found: Found): boolean {
  return !found.exists || (found.objects === 0 && (found.properties["name"] ?? "") === "");
}

/**
 * The journal with the container in it. One that was deleted and made again is counted: what was copied into the
 * former is gone, and so is the proof of it.
 */
export function withContainer(journal: Journal, name: string, account: string, found: Found): Journal {
  const known = journal.container?.name === name ? journal.container : undefined;
  const again = known !== undefined && isRemade(found);
  const remade = (known?.remade ?? 0) + (again ? 1 : 0);
  return {
    ...(again ? without(journal, "proof") : journal),
    container: { name, account, ...(remade === 0 ? {} : { remade }) },
  };
}
