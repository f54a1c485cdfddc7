/**
 * An API server in memory: objects by path, resourceVersions and conflicts, merge patches. Trusted because
 * api.lab.test.ts holds the real one to the same contract.
 */
import { type Api, ApiError, type Query } from "../../../cluster/api/api";
import type { Stored } from "../../../cluster/api/objects";
import { mergePatched } from "../../../cluster/registry/patch";

type Json = Record<string, unknown>;

export class FakeApi implements Api {
  readonly server = "https://fake:6443";
  readonly objects = new Map<string, Json>();
  /** Every write, in order: `PATCH /path`, with its body. */
  readonly writes: { readonly what: string; readonly body: unknown }[] = [];
  /** Called after each write; what an operator would do. */
  react: (path: string) => void = () => undefined;
  /** Called before each read; what time does. */
  tick: (path: string) => void = () => undefined;
  private version = 0;

  put(path: string, object: object): void {
    const before = this.objects.get(path) as { metadata?: Json } | undefined;
    const given = structuredClone(object) as { metadata?: Json };
    this.objects.set(path, {
      ...given,
      metadata: {
        uid: `uid-${path}`,
        ...before?.metadata,
        name: path.split("/").at(-1),
        ...given.metadata,
        resourceVersion: String(++this.version),
      },
    });
  }

  /** Changes one object in place, as another writer would. */
  edit(path: string, patch: object): void {
    this.put(path, mergePatched(this.objects.get(path) ?? {}, patch) as object);
  }

  async get<T extends Stored>(path: string): Promise<T | undefined> {
    this.tick(path);
    return structuredClone(this.objects.get(path)) as T | undefined;
  }

  async list<T extends Stored>(path: string, query: Query = {}): Promise<readonly T[]> {
    this.tick(path);
    const inside = [...this.objects].filter(([key]) => key.startsWith(`${path}/`));
    return inside
      .filter(([, each]) => hasLabels(each, query["labelSelector"]))
      .map(([, each]) => structuredClone(each) as unknown as T);
  }

  /** What an admission makes of a dry run; where it would be made. */
  admit: (body: object, path: string) => object = (body) => body;

  async create<T extends object>(path: string, body: object, query: Query = {}): Promise<T> {
    if (query["dryRun"] !== undefined) {
      return structuredClone(this.admit(body, path)) as T;
    }
    const {
      name = `${(body as { metadata?: { generateName?: string } }).metadata?.generateName}${this.version}`,
    } = (body as Partial<Stored>).metadata ?? {};
    const key = `${path}/${name}`;
    if (this.objects.has(key)) {
      throw new ApiError("exists", `${key} already exists`, 409);
    }
    return this.write("POST", key, body, body) as unknown as T;
  }

  async replace<T extends Stored>(path: string, body: object): Promise<T> {
    this.check(path, (body as Stored).metadata.resourceVersion);
    return this.write("PUT", path, body, body) as unknown as T;
  }

  async mergePatch<T extends Stored>(path: string, body: object): Promise<T> {
    const stored = this.objects.get(path);
    if (stored === undefined) {
      throw new ApiError("not-found", `${path} does not exist`, 404);
    }
    this.check(path, (body as Partial<Stored>).metadata?.resourceVersion);
    return this.write("PATCH", path, body, mergePatched(stored, body) as object) as unknown as T;
  }

  async remove(path: string): Promise<boolean> {
    this.writes.push({ what: `DELETE ${path}`, body: undefined });
    const was = this.objects.delete(path);
    this.react(path);
    return was;
  }

  async text(_path: string): Promise<string | undefined> {
    return undefined;
  }

  async *lines(): AsyncIterable<string> {
    // No watch: what is polled must do.
  }

  private check(path: string, version: string | undefined): void {
    const stored = this.objects.get(path) as Stored | undefined;
    if (version !== undefined && stored?.metadata.resourceVersion !== version) {
      throw new ApiError("conflict", `${path}: the object has been modified`, 409);
    }
  }

  private write(verb: string, path: string, body: object, result: object): Json {
    this.writes.push({ what: `${verb} ${path}`, body: structuredClone(body) });
    this.put(path, result);
    this.react(path);
    return structuredClone(this.objects.get(path)) ?? {};
  }
}

function hasLabels(object: Json, selector: string | undefined): boolean {
  if (selector === undefined) {
    return true;
  }
  const [key, value] = selector.split("=");
  const labels = (object["metadata"] as { labels?: Record<string, string> } | undefined)?.labels;
  return labels?.[key ?? ""] === value;
}
