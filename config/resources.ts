/** The key `resources`: requests and limits of the migration Pod, as Kubernetes writes them. */
import { parseQuantity } from "../cluster/api/quantity";
import { type Fields, quote } from "./fields";

type Amounts = Readonly<Record<string, string>>;

/** Requests and limits of the migration Pod, as Kubernetes writes them. */
export interface PodResources {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const fallback: PodResources = { requests: { cpu: "500m", memory: "256Mi" }, limits: { memory: "1Gi" } };

/**
 * Reads the key `resources`. A part that is not set keeps its default, lowered or raised to fit the part that is set:
 * Kubernetes refuses a Pod that requests more than its limit.
 */
export function readResources(fields: Fields): PodResources {
  const text = fields.text("resources");
  if (text === "") return fallback;
  const accepted = 'an object such as {"requests":{"cpu":"500m","memory":"256Mi"},"limits":{"memory":"1Gi"}}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    fields.add("resources", `is ${quote(text)}`, accepted);
    return fallback;
  }
  if (!isRecord(value)) {
    fields.add("resources", `is ${quote(text)}`, accepted);
    return fallback;
  }
  for (const part of Object.keys(value)) {
    if (part !== "requests" && part !== "limits")
      fields.add(`resources.${part}`, "is not known", "requests, limits");
  }
  const given = (name: keyof PodResources) =>
    value[name] === undefined ? undefined : readAmounts(fields, value, name);
  const requests = given("requests");
  const limits = given("limits");
  // Setting only the limits must not remove the default requests.
  const amounts = {
    requests: { ...(requests ?? fallback.requests) },
    limits: { ...(limits ?? fallback.limits) },
  };
  for (const name of inExcess(amounts)) {
    const [request, limit] = [amounts.requests[name]!, amounts.limits[name]!];
    if (requests === undefined) amounts.requests[name] = limit;
    else if (limits === undefined) amounts.limits[name] = request;
    else {
      const wrong = `is ${quote(request)}, more than resources.limits.${name}`;
      fields.add(`resources.requests.${name}`, wrong, `at most ${limit}`);
    }
  }
  return amounts;
}

/** Resources for which the request is more than the limit. */
function inExcess({ requests, limits }: PodResources): string[] {
  return Object.entries(requests).flatMap(([name, amount]) => {
    const limit = limits[name];
    return limit !== undefined && (parseQuantity(amount) ?? 0) > (parseQuantity(limit) ?? 0) ? [name] : [];
  });
}

function readAmounts(fields: Fields, value: Record<string, unknown>, part: "requests" | "limits") {
  const amounts: Record<string, string> = {};
  const given = value[part];
  if (!isRecord(given)) {
    fields.add(
      `resources.${part}`,
      "is not an object",
      "cpu, memory, ephemeral-storage with a quantity each",
    );
    return amounts;
  }
  for (const [name, amount] of Object.entries(given)) {
    const key = `resources.${part}.${name}`;
    const shown =
      typeof amount === "string" || typeof amount === "number" ? String(amount) : JSON.stringify(amount);
    if (!["cpu", "memory", "ephemeral-storage"].includes(name)) {
      fields.add(key, "is not known", "cpu, memory, ephemeral-storage");
    } else if (parseQuantity(shown) === undefined) {
      fields.add(key, `is ${quote(shown)}`, "a quantity such as 500m, 2, 256Mi, 1Gi");
    } else {
      amounts[name] = shown;
    }
  }
  return amounts;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
