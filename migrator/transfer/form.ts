/** How Swift stores an object, as far as the registry must care. Pure. */
import { fromText, type ByteString } from "../../swift/bytes";
import type { ObjectHead } from "../../swift/store";
import { segmentPrefix } from "../volume/layout";

/**
 * - `plain`, and `large` as the registry's Swift driver makes it: pulls reach it, and the registry's delete finds all of it.
 * - `elsewhere`: segments in another container, where redirected pulls do not reach them (the key is the container's).
 * - `foreign`: a dynamic large object with other segment names, as `swift upload -S --use-dlo` makes it.
 * - `static`: as today's `swift upload -S` makes it; the registry's delete leaves its segments behind.
 */
export type Form = "plain" | "large" | "elsewhere" | "foreign" | "static";

/** Below a container: `segments/<3 hex>/<37 or more hex>`. The mover takes 40 digits in all, the registry some 300. */
const driverPrefix = /^segments\/[0-9a-f]{3}\/[0-9a-f]{37,}\/?$/;
const driverSegment = /^(segments\/[0-9a-f]{3}\/[0-9a-f]{37,})\/[0-9]{16}$/;

/** The form of an object in that container. */
export function formOf(container: string, { manifest, isStatic }: ObjectHead): Form {
  if (isStatic) return "static";
  if (manifest === undefined) return "plain";
  const prefix = prefixIn(container, manifest);
  if (prefix === undefined) return "elsewhere";
  return driverPrefix.test(prefix) ? "large" : "foreign";
}

/** Whether the registry can serve and delete it as it is. */
export function isRegistryForm(container: string, head: ObjectHead): boolean {
  const form = formOf(container, head);
  return form === "plain" || form === "large";
}

/** Why an object must be sent again, for a person; `what` is its name. */
export function formProblem(what: string, form: Form): string {
  switch (form) {
    case "elsewhere":
      return `${what} has its segments in another container, where pulls do not reach them`;
    case "foreign":
      return `${what} is a large object whose segments are not named as the registry names them`;
    case "static":
      return `${what} is a static large object, whose segments the registry's delete would leave behind`;
    default:
      return what;
  }
}

/** What a manifest says of its segments, without the container; undefined when they are in another one. */
export function prefixIn(container: string, manifest: ByteString): ByteString | undefined {
  const own = `${fromText(container)}/`;
  return manifest.startsWith(own) ? manifest.slice(own.length) : undefined;
}

/** The prefix that a segment of the driver's form belongs to; undefined for every other name. */
export function driverPrefixOf(segment: ByteString): ByteString | undefined {
  return segment.startsWith(segmentPrefix) ? driverSegment.exec(segment)?.[1] : undefined;
}

/** The names of a container that large objects in use consist of: nothing of these may be deleted. */
export class NamesInUse {
  private readonly driver = new Set<ByteString>();
  private readonly prefixes: ByteString[] = [];
  private readonly names = new Set<ByteString>();

  constructor(private readonly container: string) {}

  /** Adds what `<container>/<prefix>` of X-Object-Manifest covers: every name that begins so. */
  addManifest(manifest: ByteString): void {
    const prefix = prefixIn(this.container, manifest);
    if (prefix === undefined) return;
    if (driverPrefix.test(prefix)) this.driver.add(prefix.replace(/\/$/, ""));
    else if (!this.prefixes.includes(prefix)) this.prefixes.push(prefix);
  }

  /** Adds one segment of a static large object: `<container>/<name>`. */
  addSegment(path: ByteString): void {
    const name = prefixIn(this.container, path);
    if (name !== undefined) this.names.add(name);
  }

  has(name: ByteString): boolean {
    const prefix = driverPrefixOf(name);
    if (prefix !== undefined && this.driver.has(prefix)) return true;
    return this.names.has(name) || this.prefixes.some((one) => name.startsWith(one));
  }
}
