/** What a Pod asks for, as the scheduler and quotas count it; thousandths of a core, or bytes. Pure. */
import type { RawContainer, RawPodSpec } from "./objects";
import { parseQuantity } from "./quantity";

/** `requests` or `limits`: the sum of what runs at the same time, or the largest init container; and the overhead. */
export function amountOf(spec: RawPodSpec, kind: "requests" | "limits", resource: string): number {
  const of = (container: RawContainer): number =>
    amount(resource, container.resources?.[kind]?.[resource]) ?? 0;
  const init = spec.initContainers ?? [];
  const always = init.filter((each) => each.restartPolicy === "Always");
  const running = [...spec.containers, ...always].reduce((sum, each) => sum + of(each), 0);
  return Math.max(running, ...init.map(of)) + (amount(resource, spec.overhead?.[resource]) ?? 0);
}

/** A quantity as a number: of a resource that ends with `cpu` in thousandths of a core, whole, so that sums are exact. */
export function amount(resource: string, text: string | undefined): number | undefined {
  const parsed = parseQuantity(text);
  return parsed === undefined || !isCpu(resource) ? parsed : Math.round(parsed * 1000);
}

/** `250m`, `512Mi`, `3`. */
export function amountInWords(resource: string, value: number): string {
  if (isCpu(resource)) return `${value}m`;
  return isBytes(resource) ? `${Math.floor(value / 2 ** 20)}Mi` : String(value);
}

function isCpu(resource: string): boolean {
  return /(^|\.)cpu$/.test(resource);
}

function isBytes(resource: string): boolean {
  return /(^|\.)(memory|ephemeral-storage)$/.test(resource);
}
