/** A container as Swift has it: whether it is another one than before, and what is to be set on it. Pure. */
import type { Journal } from "../journal/journal";
import { without } from "../journal/store";
import type { ObservedContainer } from "../observation";

type Found = Pick<ObservedContainer, "exists" | "objects" | "properties">;

/**
 * Whether a container that was known is gone, or was made anew: only this program sets property Name, after the
 * container was made, so an empty one without it has not been looked at yet.
 */
export function isMadeAnew(found: Found): boolean {
  return !found.exists || (found.objects === 0 && (found.properties["name"] ?? "") === "");
}

/**
 * The journal with the container in it. One that was known and was made anew counts: what was copied into the former is
 * gone, and so is the proof of it.
 */
export function withContainer(journal: Journal, name: string, account: string, found: Found): Journal {
  const known = journal.container?.name === name ? journal.container : undefined;
  const anew = known !== undefined && isMadeAnew(found);
  const remade = (known?.remade ?? 0) + (anew ? 1 : 0);
  return {
    ...(anew ? without(journal, "proof") : journal),
    container: { name, account, ...(remade === 0 ? {} : { remade }) },
  };
}
