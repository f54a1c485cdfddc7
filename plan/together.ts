/** Which of the Pods run at the same time, beside what is there already: what a quota has to let in. Pure. */
import type { PodTrial } from "../cluster/observation";

export type PodKind = PodTrial["kind"];

/** Pods that run at the same time. */
export interface Together {
  /** `copy`: in shards where there is more than one; the operator may roll the registry out whenever it wants. */
  readonly when: "copy" | "rehearsal" | "switch";
  readonly pods: Partial<Readonly<Record<PodKind, number>>>;
}

/** migrate, and the switch that follows. `shards`: how many copy at the same time. */
export function togetherInMigrate(settings: {
  readonly rehearse?: number | undefined;
  readonly shards: number;
}): readonly Together[] {
  const { rehearse, shards } = settings;
  return [
    { when: "copy", pods: { mover: shards, registry: 1 } },
    ...(rehearse === undefined
      ? []
      : [
          {
            when: "rehearsal",
            pods: { rehearsal: 1, ...(rehearse === 0 ? {} : { "pull-check": 1 }) },
          } as const,
        ]),
    // The check begins while the registry's Pod on the volume still ends.
    ...(rehearse === 0 ? [] : [{ when: "switch", pods: { registry: 1, "pull-check": 1 } } as const]),
  ];
}

/** `more`: by how many replicas the registry grows. */
export function togetherInSwitch(pullCheck: number, more: number): readonly Together[] {
  return [
    { when: "switch", pods: { registry: 1, ...(pullCheck === 0 ? {} : { "pull-check": 1 }) } },
    ...(more > 1 ? [{ when: "switch", pods: { registry: more } } as const] : []),
  ];
}
