/** The keys `nodeSelector` and `tolerations`: where Pods may run, in place of what the registry's own Pods have. */
import { type Fields, quote } from "./fields";

/** As Kubernetes has it; what is left out matches any. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

const allowed: Readonly<Record<string, readonly string[] | undefined>> = {
  key: undefined,
  operator: ["Exists", "Equal"],
  value: undefined,
  effect: ["NoSchedule", "PreferNoSchedule", "NoExecute"],
};

/** `undefined`: not set, or empty: then the registry's own counts. */
export function readNodeSelector(fields: Fields): Readonly<Record<string, string>> | undefined {
  const accepted = 'an object of labels such as {"node-role.kubernetes.io/infra":""}';
  const value = readJson(fields, "nodeSelector", accepted);
  if (value === undefined) return undefined;
  if (!isRecord(value) || Object.values(value).some((each) => typeof each !== "string")) {
    fields.add("nodeSelector", `is ${quote(fields.text("nodeSelector"))}`, accepted);
    return undefined;
  }
  return Object.keys(value).length === 0 ? undefined : (value as Record<string, string>);
}

/** `undefined`: not set, or empty: then the registry's own count. */
export function readTolerations(fields: Fields): readonly Toleration[] | undefined {
  const accepted =
    'a list such as [{"key":"node-role.kubernetes.io/infra","operator":"Exists","effect":"NoSchedule"}]';
  const value = readJson(fields, "tolerations", accepted);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    fields.add("tolerations", `is ${quote(fields.text("tolerations"))}`, accepted);
    return undefined;
  }
  const problems = value.flatMap((each, index) => problemOf(each, index));
  for (const { key, wrong, choices } of problems) fields.add(key, wrong, choices);
  return problems.length > 0 || value.length === 0 ? undefined : (value as readonly Toleration[]);
}

function problemOf(entry: unknown, index: number): { key: string; wrong: string; choices: string }[] {
  const at = `tolerations[${index}]`;
  if (!isRecord(entry)) return [{ key: at, wrong: "is no object", choices: Object.keys(allowed).join(", ") }];
  return Object.entries(entry).flatMap(([name, value]) => {
    const key = `${at}.${name}`;
    if (!Object.hasOwn(allowed, name))
      return [{ key, wrong: "is not known", choices: Object.keys(allowed).join(", ") }];
    const choices = allowed[name];
    const right = typeof value === "string" && (choices === undefined || choices.includes(value));
    const shown = quote(typeof value === "string" ? value : JSON.stringify(value));
    return right ? [] : [{ key, wrong: `is ${shown}`, choices: choices?.join(", ") ?? "a text" }];
  });
}

function readJson(fields: Fields, key: string, accepted: string): unknown {
  const text = fields.text(key);
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    fields.add(key, `is ${quote(text)}`, accepted);
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
