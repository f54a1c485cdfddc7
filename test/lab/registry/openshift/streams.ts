/** ImageStreams, where the tags are. The image API is the API server's, and the registry's own ServiceAccount asks it. */
import type { CallApi } from "./api";

export interface Item {
  readonly created: string;
  /** `host/project/name@digest`: where the image is. */
  readonly dockerImageReference: string;
  readonly image: string;
}

export interface ImageStream {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec?: {
    readonly tags?: readonly {
      readonly name: string;
      readonly importPolicy?: { readonly insecure?: boolean };
    }[];
  };
  readonly status?: {
    readonly dockerImageRepository?: string;
    readonly tags?: readonly { readonly tag: string; readonly items?: readonly Item[] | null }[];
  };
  /** Images pushed without a tag: parts of an index. OpenShift keeps them as Images of their own. */
  readonly untagged?: readonly Item[];
}

/** The image API does not answer: manifests are answered with 500. */
class ImageApiAway extends Error {}

const conflictsAtMost = 20;
const group = "/apis/image.openshift.io/v1";

export class Streams {
  constructor(
    private readonly call: CallApi,
    /** Host and port of the registry in references. */
    readonly host: string,
  ) {}

  async get(namespace: string, name: string): Promise<ImageStream | undefined> {
    const { status, body } = await this.ask("GET", `${group}/namespaces/${namespace}/imagestreams/${name}`);
    return status === 404 ? undefined : (body as ImageStream);
  }

  async list(): Promise<readonly ImageStream[]> {
    const { body } = await this.ask("GET", `${group}/imagestreams`);
    return (body as { items: ImageStream[] }).items;
  }

  /** Remembers a push: by its tag, or without one. Two pushes at the same time keep both. */
  async record(namespace: string, name: string, tag: string | undefined, digest: string): Promise<void> {
    for (let tries = 0; ; tries++) {
      const before = await this.get(namespace, name);
      const after = withImage(before ?? this.empty(namespace, name), tag, this.item(namespace, name, digest));
      const collection = `${group}/namespaces/${namespace}/imagestreams`;
      const { status, body } =
        before === undefined
          ? await this.ask("POST", collection, after)
          : await this.ask("PUT", `${collection}/${name}`, after);
      if (status < 300) return;
      if (status !== 409 || tries >= conflictsAtMost)
        throw new ImageApiAway(`recording ${namespace}/${name}: ${status} ${JSON.stringify(body)}`);
    }
  }

  private item(namespace: string, name: string, image: string): Item {
    const dockerImageReference = `${this.host}/${namespace}/${name}@${image}`;
    return { created: new Date().toISOString(), dockerImageReference, image };
  }

  private empty(namespace: string, name: string): ImageStream {
    return {
      apiVersion: "image.openshift.io/v1",
      kind: "ImageStream",
      metadata: { namespace, name },
      spec: {},
      status: { dockerImageRepository: `${this.host}/${namespace}/${name}` },
    };
  }

  private async ask(method: string, path: string, body?: object) {
    let answer;
    try {
      answer = await this.call(method, path, body);
    } catch (error) {
      throw new ImageApiAway(error instanceof Error ? error.message : String(error));
    }
    // The group itself is missing, or its server is away.
    const text = JSON.stringify(answer.body);
    if (
      answer.status >= 500 ||
      (answer.status === 404 && text.includes("could not find the requested resource"))
    )
      throw new ImageApiAway(`${method} ${path}: ${answer.status} ${text}`);
    return answer;
  }
}

/** The newest image of a tag first; one that is the newest already changes nothing. Pure. */
export function withImage(stream: ImageStream, tag: string | undefined, item: Item): ImageStream {
  if (tag === undefined) {
    const others = (stream.untagged ?? []).filter(({ image }) => image !== item.image);
    return { ...stream, untagged: [...others, item] };
  }
  const tags = stream.status?.tags ?? [];
  const items = tags.find((each) => each.tag === tag)?.items ?? [];
  if (items[0]?.image === item.image) return stream;
  const others = tags.filter((each) => each.tag !== tag);
  return {
    ...stream,
    status: { ...stream.status, tags: [...others, { tag, items: [item, ...items] }] },
  };
}

/** The image that a tag or a digest means, if the ImageStream names it at all. Pure. */
export function imageOf(stream: ImageStream, reference: string): Item | undefined {
  const tags = stream.status?.tags ?? [];
  if (!reference.includes(":")) return tags.find(({ tag }) => tag === reference)?.items?.[0];
  return [...tags.flatMap(({ items }) => items ?? []), ...(stream.untagged ?? [])].find(
    ({ image }) => image === reference,
  );
}
