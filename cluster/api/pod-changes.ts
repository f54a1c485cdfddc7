/**
 * How a Pod would differ from the one that the API server was asked to make: defaults only add fields, but an
 * admission may change them. Pure.
 */
import { isRecord, same } from "../registry/same";
import { parseQuantity } from "./quantity";

export interface PodChanges {
  /** Without these the Pod does not do its work, or does not end. */
  readonly broken: readonly string[];
  /** Changes with which the Pod may still work. */
  readonly changed: readonly string[];
}

/** Node and a bounded sample need about half of this. */
const enoughMemory = 256 * 2 ** 20;

/**
 * `came`: the Pod as the API server would store it. `ends`: the Pod is meant to end by itself. Only paths and amounts
 * are named, because a variable's value may be a secret.
 */
export function podChanges(sent: object, came: object, ends: boolean): PodChanges {
  const found = [...differences(sent, came, "")];
  const broken = found.filter(({ path }) => isEssential(path)).map(({ words }) => words);
  const changed = found.filter(({ path }) => !isEssential(path)).map(({ words }) => words);
  return {
    broken: [...broken, ...(ends ? addedContainers(sent, came) : [])],
    changed: [...changed, ...tight(sent, came)],
  };
}

interface Difference {
  readonly path: string;
  readonly words: string;
}

/** Another image may be the same one under a mirror's name. */
const harmless = /^spec\.containers\[[^\]]+\]\.image$/;

function isEssential(path: string): boolean {
  return /\.(command|args)$|\.volumeMounts\[[^\]]+\](\.mountPath)?$|^spec\.(containers|volumes)\[[^\]]+\]$/.test(
    path,
  );
}

function* differences(sent: unknown, came: unknown, path: string): Generator<Difference> {
  if (isEmpty(sent) && isEmpty(came)) {
    return;
  }
  if (harmless.test(path)) {
    return;
  }
  if (isRecord(sent)) {
    if (!isRecord(came)) {
      yield { path, words: `${path} is gone` };
      return;
    }
    for (const [key, value] of Object.entries(sent)) {
      yield* differences(value, came[key], path === "" ? key : `${path}.${key}`);
    }
    return;
  }
  if (Array.isArray(sent) && !/\.(command|args)$/.test(path)) {
    yield* missing(sent, Array.isArray(came) ? came : [], path);
    return;
  }
  if (!same(sent, came) && !isSameAmount(sent, came)) {
    const amounts = path.includes(".resources.") ? ` (${String(sent)} becomes ${JSON.stringify(came)})` : "";
    yield { path, words: came === undefined ? `${path} is gone` : `${path} is another one${amounts}` };
  }
}

/** Lists may get further elements (tolerations, mounts); those that were in them must still be there. */
function* missing(sent: readonly unknown[], came: readonly unknown[], path: string): Generator<Difference> {
  for (const [index, each] of sent.entries()) {
    const name = nameOf(each);
    const at = `${path}[${name ?? index}]`;
    if (name === undefined) {
      const there = came.some((other) => differences(each, other, at).next().done === true);
      if (!there) yield { path: at, words: `${at} is gone` };
      continue;
    }
    const other = came.find((one) => nameOf(one) === name);
    if (other === undefined) yield { path: at, words: `${at} is gone` };
    else yield* differences(each, other, at);
  }
}

/** The key by which an element of a Pod's lists is known. */
function nameOf(value: unknown): string | undefined {
  const name = isRecord(value) ? (value["mountPath"] ?? value["name"]) : undefined;
  return typeof name === "string" ? name : undefined;
}

/** The API server leaves out what is empty. */
function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === "" ||
    (Array.isArray(value) && value.length === 0) ||
    (isRecord(value) && Object.keys(value).length === 0)
  );
}

/** `1000m` comes back as `1`. */
function isSameAmount(a: unknown, b: unknown): boolean {
  const [one, other] = [parseQuantity(String(a)), parseQuantity(String(b))];
  return one !== undefined && one === other;
}

interface Container {
  readonly name: string;
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

function containersOf(pod: object): readonly Container[] {
  return (pod as { spec?: { containers?: readonly Container[] } }).spec?.containers ?? [];
}

/** A sidecar that is an ordinary container goes on when ours has ended, and then the Pod never ends. */
function addedContainers(sent: object, came: object): readonly string[] {
  const ours = new Set(containersOf(sent).map(({ name }) => name));
  return containersOf(came)
    .filter(({ name }) => !ours.has(name))
    .map(({ name }) => `container ${name} is added, which goes on when ours has ended`);
}

/** A LimitRange gives a container that names no limit its default one. */
function tight(sent: object, came: object): readonly string[] {
  const limitOf = (pod: object, name: string) =>
    containersOf(pod).find((each) => each.name === name)?.resources?.limits?.["memory"];
  return containersOf(sent).flatMap(({ name }) => {
    const limit = limitOf(sent, name) === undefined ? limitOf(came, name) : undefined;
    return limit !== undefined && (parseQuantity(limit) ?? enoughMemory) < enoughMemory
      ? [`spec.containers[${name}].resources.limits.memory ${limit} is added`]
      : [];
  });
}
