/**
 * The word that tells one copy from the next (`CopyPlan.run`): the same word is the same Pod, which is not run again.
 * So it must change when what was copied is not there any more, and stay when a run is interrupted or repeated.
 */
import { isMadeAnew } from "../cluster/cloud/container";
import type { ReachableObservation } from "../cluster/observation";
import { containerProblems, unread } from "../cluster/journal/proof";

/** `pass` of the config, and how often the container was made anew: then all is to be copied again. */
export function liveRun(pass: string, seen: ReachableObservation, container: string | undefined): string {
  const remade = timesRemade(seen, container);
  return remade === 0 ? pass : `${pass}-again-${remade}`;
}

/**
 * The same for the final copy, and after a proof that does not hold any more for a reason on Swift's side: a word made
 * of that proof's time. The new proof has the word, so that the plan after it finds its own.
 */
export function finalRun(pass: string, seen: ReachableObservation, container: string | undefined): string {
  const run = liveRun(pass, seen, container);
  const { journal, cloud } = seen;
  const proof = journal?.proof;
  if (journal === undefined || proof === undefined) return run;
  const proven = proof.run ?? pass;
  // Of another pass, or of a container that is gone: this copy is another one as it is.
  if (proven !== run && !proven.startsWith(`${run}-after-`)) return run;
  const found = cloud.ok && cloud.container?.name === proof.container ? cloud.container : undefined;
  const problems = containerProblems({
    journal,
    container: container ?? proof.container,
    account: cloud.ok ? cloud.account : unread,
    head: found === undefined ? unread : found.exists ? found : undefined,
  });
  return problems.length === 0 ? proven : `${run}-after-${proof.at}`;
}

function timesRemade(seen: ReachableObservation, container: string | undefined): number {
  const known = seen.journal?.container;
  if (known === undefined || known.name !== container) return 0;
  const found = seen.cloud.ok ? seen.cloud.container : undefined;
  const anew = found?.name === known.name && isMadeAnew(found);
  return (known.remade ?? 0) + (anew ? 1 : 0);
}
