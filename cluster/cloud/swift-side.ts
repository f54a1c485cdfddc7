/**
 * The Swift side as seen from this machine: the account that the operator's own credentials lead to, one container of
 * it, the quota. The mover's own client does the talking, so both look at the same account by the same rules.
 */
import { type CloudClient, CloudError, connect, type ListedName } from "../../swift/client";
import type { ResolvedCloud } from "./cloud";
import type { Proof } from "../journal/journal";
import type { ObservedCloud, ObservedContainer } from "../observation";
import { workstationProxy } from "./workstation-proxy";
import { defined } from "../../swift/defined";

/** The Swift side; reads only, but for the two properties that make a container the cluster's own. */
export interface SwiftSide {
  /** Storage URL of the account, without a trailing slash. */
  readonly account: string;
  /** `undefined`: the container does not exist. */
  head(container: string): Promise<Omit<ObservedContainer, "foreignObject"> | undefined>;
  /** Adds properties (`X-Container-Meta-*`). The others stay: one of them signs the registry's redirected pulls. */
  setProperties(container: string, properties: Readonly<Record<string, string>>): Promise<void>;
  /** One name outside what a registry keeps, if there is any. */
  foreignObject(container: string): Promise<string | undefined>;
  /** Whether the object is there: asked for by its name, because listings lag. */
  has(container: string, name: string): Promise<boolean>;
  /** At most 100 folders right below a prefix that ends in a slash. */
  folders(container: string, prefix: string): Promise<readonly string[]>;
  /** What a listing has of the registry: its objects, and the bytes of these and of large objects' segments. */
  listed(container: string): Promise<{ readonly objects: number; readonly bytes: number }>;
  /** Bytes left of the account's quota, when it has one. */
  quotaLeft(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** What a registry keeps in its container: its own objects, and what large ones consist of. */
const ownPrefixes = ["files/docker/registry/v2/", "segments/"];

/**
 * Whether a name, or folder, of a listing is something that neither a registry nor the documented page puts there. The
 * page's `swift upload` stores an empty object for an empty folder, the file system's own lost+found among them; so do
 * other clients for any folder.
 */
export function isForeign({ name, bytes, subdir }: ListedName): boolean {
  if (ownPrefixes.some((own) => name.startsWith(own))) {
    return false;
  }
  const folder = `${name.replace(/\/$/, "")}/`;
  const above = ownPrefixes.some((own) => own.startsWith(folder));
  return subdir ? !above : bytes > 0 || !(above || folder === "files/lost+found/");
}

/** Logs in and finds the account. Failures are CloudError, one line without a secret. */
export async function connectSwift(cloud: ResolvedCloud): Promise<SwiftSide> {
  const proxy = workstationProxy(process.env);
  const client = await connect({ ...cloud.workstation, ...defined({ proxy }) }, { ca: cloud.workstationCa });
  return sideOf(client);
}

/** Looks at the account and, when one is named, the container; failures become values. */
export async function observeSwift(
  cloud: ResolvedCloud,
  container: string | undefined,
  proof?: Proof,
): Promise<ObservedCloud> {
  let swift: SwiftSide | undefined;
  try {
    swift = await connectSwift(cloud);
    const quotaLeft = await swift.quotaLeft();
    return {
      ok: true,
      account: swift.account,
      source: cloud.source,
      ...defined({ quotaLeft }),
      ...(container === undefined ? {} : { container: await observeContainer(swift, container, proof) }),
    };
  } catch (error) {
    if (error instanceof CloudError) {
      return { ok: false, kind: kindOf(error), source: cloud.source, message: error.message };
    }
    throw error;
  } finally {
    await swift?.close();
  }
}

type TroubleKind = "refused" | "no-service" | "unreachable" | "forbidden";

function kindOf(error: CloudError): TroubleKind {
  switch (error.failure) {
    case "auth":
      return "refused";
    case "catalog":
      return "no-service";
    case "forbidden":
      return "forbidden";
    default:
      return "unreachable";
  }
}

async function observeContainer(
  swift: SwiftSide,
  name: string,
  proof: Proof | undefined,
): Promise<ObservedContainer> {
  const head = await headAsProven(swift, name, proof);
  if (head === undefined) {
    return { name, exists: false, properties: {}, objects: 0, bytes: 0 };
  }
  const foreignObject = head.objects === 0 ? undefined : await swift.foreignObject(name);
  return { ...head, ...defined({ foreignObject }) };
}

/**
 * HEAD on the container, with the proof's counts where only HEAD's own differ: they lag, and those of a sharded container
 * are summed up now and then. Asked again by a listing, which is what the proof compared; a listing that differs as well
 * leaves HEAD as it is.
 */
export async function headAsProven(
  swift: Pick<SwiftSide, "head" | "listed">,
  container: string,
  proof: Proof | undefined,
): ReturnType<SwiftSide["head"]> {
  const head = await swift.head(container);
  if (head === undefined || proof === undefined || proof.container !== container) {
    return head;
  }
  const { containerObjects: objects, containerBytes: bytes } = proof;
  if (head.objects === objects && head.bytes === bytes) {
    return head;
  }
  const listed = await swift.listed(container);
  return listed.objects === proof.objects && listed.bytes === proof.bytes
    ? { ...head, objects, bytes }
    : head;
}

function sideOf(client: CloudClient): SwiftSide {
  return {
    account: client.account,
    async head(container) {
      const details = await client.head(container);
      if (details === undefined) {
        return undefined;
      }
      const { metadata, objects, bytes } = details;
      return { name: container, exists: true, properties: metadata, objects, bytes };
    },
    setProperties: (container, properties) => client.setMetadata(container, properties),
    async foreignObject(container) {
      // It goes level by level along the registry's own path: whatever lies beside that is foreign.
      for (const prefix of ["", "files/", "files/docker/", "files/docker/registry/"]) {
        const foreign = (await client.list(container, prefix, "/")).find(isForeign);
        if (foreign !== undefined) {
          return foreign.name;
        }
      }
      return undefined;
    },
    has: async (container, name) => (await client.headObject(container, name)) !== undefined,
    async folders(container, prefix) {
      const names = await client.list(container, prefix, "/");
      return names.filter(({ subdir }) => subdir).map(({ name }) => name);
    },
    async listed(container) {
      const [own, segments] = await Promise.all(ownPrefixes.map((prefix) => client.count(container, prefix)));
      return { objects: own?.objects ?? 0, bytes: (own?.bytes ?? 0) + (segments?.bytes ?? 0) };
    },
    async quotaLeft() {
      const account = await client.accountHead();
      return account?.quotaBytes === undefined ? undefined : account.quotaBytes - account.bytes;
    },
    close: () => client.close(),
  };
}
