import type { Report } from "../../../migrator/contract";

const nothing = { objects: 0, bytes: 0 };

/** What a mover reports that ended well and had nothing to do, and what differs from that. */
export function reportWith(different: Partial<Report>): Report {
  return {
    version: 1,
    mode: "finish",
    outcome: "ok",
    exitCode: 0,
    container: "c",
    startedAt: "2026-01-01T00:00:00Z",
    finishedAt: "2026-01-01T00:01:00Z",
    blobs: nothing,
    links: nothing,
    copied: nothing,
    skipped: nothing,
    deleted: nothing,
    retries: 0,
    seconds: {},
    proven: true,
    corrupt: [],
    ...different,
  };
}
