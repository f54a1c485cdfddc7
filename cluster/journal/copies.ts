/**
 * What the last copy of each pass found and how it went, in more detail than the history has room for. For people only:
 * nothing is decided by it. At most about 10 KiB a pass. Pure.
 */
import type { Report } from "../../migrator/contract";
import { defined } from "../../swift/defined";
import type { CopyDetails, Journal } from "./journal";

/** Takes a copy's report; a later one of the same pass replaces it. */
export function withCopy(
  journal: Journal,
  pass: keyof NonNullable<Journal["copies"]>,
  report: Report,
): Journal {
  const details = detailsOf(report);
  const most = movedMost(journal.copies?.[pass], details);
  return { ...journal, copies: { ...journal.copies, [pass]: { ...details, ...defined({ most }) } } };
}

/** Of the earlier ones; `undefined` where none moved more than this one. */
function movedMost(before: CopyDetails | undefined, now: CopyDetails): CopyDetails["most"] {
  const last = before?.throughput && { at: before.at, throughput: before.throughput };
  const most = moved(last) > moved(before?.most) ? last : before?.most;
  return moved(most) > moved(now) ? most : undefined;
}

/** Bytes. */
export function moved(copy: Pick<CopyDetails, "throughput"> | undefined): number {
  return (copy?.throughput?.bytes ?? []).reduce((sum, each) => sum + each, 0);
}

function detailsOf(report: Report): CopyDetails {
  const { finishedAt, deleted, corrupt, corruptMore = 0, dangling, foreign } = report;
  const { repositories, throughput, retriesBy, slowed } = report;
  return {
    at: finishedAt,
    ...defined({ repositories, throughput, retriesBy, slowed, foreign, dangling: dangling?.links }),
    ...(deleted.objects > 0 ? { deleted: deleted.objects } : {}),
    ...(corrupt.length + corruptMore > 0 ? { corrupt: corrupt.length + corruptMore } : {}),
  };
}
