import type { MoverSettings } from "./contract";
import type { CloudSettings } from "../swift/settings";
import { isUsableProxy, proxyRule } from "../swift/proxy";
import { MoverError } from "./errors";
import { parseShard } from "./shard";

/** Settings with every default filled in that does not depend on the store. */
export interface ResolvedSettings extends MoverSettings {
  readonly transfers: number;
  readonly verify: "size" | "full";
  readonly corruptBlobs: "fail" | "skip";
  readonly allowDelete: boolean;
  readonly requestTimeout: number;
  readonly lagSeconds: number;
}

type Check = (value: unknown) => string | undefined;

const text: Check = (v) =>
  typeof v === "string" && v !== "" ? undefined : "must be a text that is not empty";
const flag: Check = (v) => (typeof v === "boolean" ? undefined : "must be true or false");
const oneOf =
  (...choices: string[]): Check =>
  (v) =>
    choices.includes(v as string) ? undefined : `must be one of ${choices.join(", ")}`;
const whole =
  (min: number, max: number): Check =>
  (v) =>
    Number.isInteger(v) && (v as number) >= min && (v as number) <= max
      ? undefined
      : `must be a whole number from ${min} to ${max}`;
const seconds: Check = (v) =>
  typeof v === "number" && v > 0 && v <= 86_400
    ? undefined
    : "must be a number of seconds above 0, at most 86400";
const texts: Check = (v) =>
  Array.isArray(v) && v.every((one) => typeof one === "string") ? undefined : "must be a list of texts";
const textMap: Check = (v) =>
  isRecord(v) && Object.values(v).every((one) => typeof one === "string")
    ? undefined
    : "must map names to texts";

const proxy: Check = (v) => text(v) ?? (isUsableProxy(v as string) ? undefined : `must be ${proxyRule}`);

const required: Record<string, Check> = {
  mode: oneOf("copy", "finish", "back", "verify"),
  root: text,
  container: (v) =>
    text(v) ??
    ((v as string).includes("/") || Buffer.byteLength(v as string) > 256
      ? "must be a container's name: no slash, at most 256 bytes"
      : undefined),
  cloud: () => undefined,
};

const optional: Record<string, Check> = {
  transfers: whole(1, 512),
  shard: (v) =>
    parseShard(v) === undefined
      ? "must be a place from 0 and the number of shards, at most 999: 0/4 to 3/4"
      : undefined,
  doneShards: (v) =>
    Array.isArray(v) && v.every((each) => Number.isInteger(each)) ? undefined : "must be a list of numbers",
  verify: oneOf("size", "full"),
  corruptBlobs: oneOf("fail", "skip"),
  allowDelete: flag,
  largeObjectThreshold: whole(1, Number.MAX_SAFE_INTEGER),
  segmentSize: whole(1, Number.MAX_SAFE_INTEGER),
  requestTimeout: seconds,
  retry: (v) =>
    object("retry", v, {}, { attempts: whole(1, 1000), baseSeconds: seconds, maxSeconds: seconds }).join(
      "; ",
    ) || undefined,
  lagSeconds: seconds,
  workers: whole(0, 64),
  metricsPort: whole(1, 65_535),
  terminationLog: text,
  makeWay: (v) =>
    object("makeWay", v, { host: text, port: whole(1, 65_535), seconds }, {}).join("; ") || undefined,
  context: textMap,
};

const user = { username: text, userId: text, userDomainName: text, userDomainId: text };
const cloudOptional: Record<string, Check> = {
  region: text,
  interface: oneOf("public", "internal", "admin"),
  serviceName: text,
  caFiles: texts,
  insecure: flag,
  proxy: (v) => object("proxy", v, {}, { http: proxy, https: proxy, no: texts }).join("; ") || undefined,
};

/**
 * Checks settings that came from outside (a file, flags) and fills in defaults. All problems are reported in
 * one MoverError `usage`; unknown names are problems too, they are usually misspelt.
 */
export function resolveSettings(input: unknown): ResolvedSettings {
  const problems = object("", input, required, optional);
  if (isRecord(input) && "shard" in input && input["mode"] !== "copy")
    problems.push(`shard goes with mode copy only, not with ${String(input["mode"])}`);
  if (isRecord(input) && "cloud" in input) problems.push(...checkCloud(input["cloud"]));
  if (problems.length > 0)
    throw new MoverError(
      "usage",
      `${problems.length === 1 ? "wrong setting" : "wrong settings"}: ${problems.join("; ")}`,
    );
  return {
    verify: "size",
    corruptBlobs: "fail",
    allowDelete: false,
    transfers: 32,
    requestTimeout: 60,
    lagSeconds: 27,
    ...(input as MoverSettings),
  };
}

function checkCloud(cloud: unknown): string[] {
  const problems = object(
    "cloud",
    cloud,
    {
      authUrl: (v) => (typeof v === "string" && URL.canParse(v) ? undefined : "must be a URL"),
      auth: () => undefined,
    },
    cloudOptional,
  );
  if (!isRecord(cloud) || !isRecord(cloud["auth"])) return [...problems, "cloud.auth is missing"];
  const auth = cloud["auth"] as Partial<CloudSettings["auth"]> & Record<string, unknown>;
  const secret: Check = (v) => {
    if (!isRecord(v)) return "must say where the secret is read from";
    if (v["kind"] === "file" && typeof v["path"] === "string") return undefined;
    if (v["kind"] === "clouds" && typeof v["path"] === "string" && typeof v["cloud"] === "string")
      return undefined;
    if (v["kind"] === "value") return "must not hold the secret itself: name a file";
    return "must be {kind: file, path} or {kind: clouds, path, cloud}";
  };
  const project = { projectName: text, projectId: text, projectDomainName: text, projectDomainId: text };
  const credential = { applicationCredentialId: text, applicationCredentialName: text };
  if (auth.type === "password") {
    problems.push(...object("cloud.auth", auth, { type: text, secret }, { ...user, ...project }));
    if (!auth["username"] && !auth["userId"]) problems.push("cloud.auth needs username or userId");
    if (!auth["projectName"] && !auth["projectId"])
      problems.push("cloud.auth needs projectName or projectId");
  } else if (auth.type === "v3applicationcredential") {
    problems.push(...object("cloud.auth", auth, { type: text, secret }, { ...user, ...credential }));
    if (
      !auth["applicationCredentialId"] &&
      !(auth["applicationCredentialName"] && (auth["username"] || auth["userId"]))
    )
      problems.push(
        "cloud.auth needs applicationCredentialId, or applicationCredentialName with username or userId",
      );
  } else problems.push("cloud.auth.type must be one of password, v3applicationcredential");
  return problems;
}

function object(
  where: string,
  value: unknown,
  must: Record<string, Check>,
  may: Record<string, Check>,
): string[] {
  if (!isRecord(value)) return [`${where || "the settings"} must be an object`];
  const problems: string[] = [];
  const name = (key: string): string => (where ? `${where}.${key}` : key);
  for (const [key, check] of Object.entries(must)) {
    const problem = value[key] === undefined ? "is missing" : check(value[key]);
    if (problem) problems.push(`${name(key)} ${problem}`);
  }
  for (const [key, check] of Object.entries(may)) {
    const problem = value[key] === undefined ? undefined : check(value[key]);
    if (problem) problems.push(`${name(key)} ${problem}`);
  }
  for (const key of Object.keys(value))
    if (!(key in must) && !(key in may)) problems.push(`${name(key)} is not a setting`);
  return problems;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
