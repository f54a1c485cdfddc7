import { readFileSync } from "node:fs";
import { toPath, toText, type ByteString } from "../../swift/bytes";
import type { ListedObject } from "../../swift/listing";
import { keep } from "../compare/pass";
import type { Run } from "../context";
import { downloadBlob, readLink, type DownloadContext } from "../transfer/download";
import {
  blobPathOf,
  contentOfLink,
  digestOfBlob,
  layerLinkOf,
  repositoryOf,
  revisionLinkOf,
} from "../volume/layout";
import type { VolumeWriter } from "../volume/volume";
import { referencesOf } from "./manifest";

/**
 * What became of an object:
 * - `there`: the volume has it. `brought`: it does now.
 * - `corrupt`: Swift has a blob that is not what its name says.
 * - `absent`: Swift does not have it, asked by name, whatever a listing shows.
 * - `incomplete`: Swift has it, but not what it leads to: it is left out.
 */
export type Outcome = "there" | "brought" | "corrupt" | "absent" | "incomplete";

interface Lacks {
  readonly lost: readonly string[];
  readonly never: readonly string[];
}

/** The first of many. */
function some(digests: readonly string[]): string {
  return `${digests.slice(0, 3).join(", ")}${digests.length > 3 ? ", ..." : ""}`;
}

/** A larger file is no manifest. */
const largestManifest = 8 * 1024 * 1024;

/**
 * Brings objects to the volume, each after what it leads to, so that whatever is there is whole: a link after its
 * blob, a manifest's link after everything that it refers to, a tag after its manifest. What a listing lacks is asked
 * for by name, because listings lag and objects do not.
 */
export class Bringer {
  /** Objects on their way: one request serves all that need the object. */
  private readonly flying = new Map<ByteString, Promise<Outcome>>();
  private readonly absent = new Set<ByteString>();
  private readonly context: DownloadContext;
  /**
   * Objects that Swift lacks, or has not whole, although something needs them, each with what needs it; for a person.
   */
  readonly missing = new Map<string, string>();
  /** Listed, and not there when asked: deleted lately, or lost. */
  readonly ghosts = new Set<ByteString>();
  /** Manifests that came without all of their blobs, because Swift never had those; for a person. */
  readonly partial = new Map<string, string>();
  /** Links that are left out because they lead to no blob, and that no manifest needs. */
  readonly unneeded = new Set<ByteString>();

  constructor(
    private readonly run: Run,
    private readonly writer: VolumeWriter,
  ) {
    const { store, policy, progress } = run;
    this.context = { store, policy, writer, onBytes: (bytes) => progress.transferred(bytes) };
  }

  /** Forgets which objects were absent: they may be there now. */
  again(): void {
    for (const set of [this.absent, this.ghosts, this.unneeded, this.missing]) set.clear();
  }

  /** Whether an object is known not to come. */
  isLeftOut(name: ByteString): boolean {
    return this.ghosts.has(name) || this.unneeded.has(name) || this.missing.has(toText(name));
  }

  /** Whether an object came in this run, whole: what its row says of it may lag behind. */
  hasBrought(name: ByteString): boolean {
    return this.run.seen.has(name, 0, "brought");
  }

  /** An object that the listing shows, and that the volume lacks or has otherwise. */
  async bringListed(object: ListedObject): Promise<Outcome> {
    const { name } = object;
    const outcome = await this.once(name, object);
    if (outcome === "absent") this.ghosts.add(keep(object).name);
    return outcome;
  }

  /** An object that something refers to. */
  private async ensure(name: ByteString): Promise<Outcome> {
    if (this.run.corrupt.has(name)) return "corrupt";
    if (this.absent.has(name)) return "absent";
    const flying = this.flying.get(name);
    if (flying) return flying;
    return this.writer.locate(name) === undefined ? this.once(name) : "there";
  }

  private once(name: ByteString, listed?: ListedObject): Promise<Outcome> {
    const known = this.flying.get(name);
    if (known) return known;
    const outcome = this.bring(name, listed).finally(() => this.flying.delete(name));
    this.flying.set(name, outcome);
    return outcome;
  }

  private async bring(name: ByteString, listed: ListedObject | undefined): Promise<Outcome> {
    const digest = digestOfBlob(name);
    const outcome =
      digest === undefined ? await this.bringLink(name) : await this.bringBlob(name, digest, listed);
    if (outcome === "brought") this.run.seen.add(name, 0, "brought");
    if (outcome === "absent") this.absent.add(name);
    else if (outcome === "brought" && listed === undefined) this.run.tallies.copied.add(0);
    return outcome;
  }

  private async bringBlob(
    name: ByteString,
    digest: string,
    listed: ListedObject | undefined,
  ): Promise<Outcome> {
    const mayBeLarge = listed === undefined || listed.large !== undefined;
    const outcome = await downloadBlob(this.context, name, digest, mayBeLarge);
    if (outcome === "corrupt") {
      this.run.corrupt.set(name, { name, digest });
      this.run.log.warning(`blob ${digest} in Swift is corrupt, content and digest differ: left out`);
    }
    return outcome;
  }

  private async bringLink(name: ByteString): Promise<Outcome> {
    // Whether it is there comes first: what a link leads to that was never made is nobody's loss.
    const body = await readLink(this.context, name);
    if (body === undefined) return "absent";
    const digest = contentOfLink(name);
    if (digest !== undefined && !(await this.leadsSomewhere(name, digest))) return "incomplete";
    if (digest === undefined && !(await this.tagLeadsSomewhere(name, body))) return "incomplete";
    const file = this.writer.create(name);
    try {
      file.write(body);
      await file.commit();
    } catch (error) {
      file.discard();
      throw error;
    }
    return "brought";
  }

  /** Whether what the link of a layer, a manifest or an old tag leads to can be brought. */
  private async leadsSomewhere(name: ByteString, digest: string): Promise<boolean> {
    const isManifest = name.includes("/_manifests/revisions/");
    const blob = await this.ensure(blobPathOf(digest));
    if (blob === "absent") {
      if (isManifest) this.miss(name, `its manifest ${digest} is not in Swift`);
      // Garbage collection leaves such links: only a manifest that needs the layer makes it a loss.
      else this.unneeded.add(name);
      return false;
    }
    if (!isManifest || blob === "corrupt") return true;
    const { lost, never } = await this.lacksOf(repositoryOf(name)!, digest);
    if (lost.length > 0) {
      this.miss(name, `it needs ${some(lost)}, which Swift does not have`);
      return false;
    }
    if (never.length > 0) this.partial.set(toText(name), `it names ${some(never)}`);
    return true;
  }

  /** A tag is brought after its manifest. One that names none is brought as it is. */
  private async tagLeadsSomewhere(name: ByteString, body: Buffer): Promise<boolean> {
    const digest = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\s*$/.exec(body.toString("latin1"))?.[1];
    const repository = repositoryOf(name);
    if (digest === undefined || repository === undefined) return true;
    const revision = await this.ensure(revisionLinkOf(repository, digest));
    if (revision !== "absent" && revision !== "incomplete") return true;
    this.miss(name, `its manifest ${digest} is not in Swift, or not whole`);
    return false;
  }

  /**
   * What a manifest refers to and cannot be brought. `lost`: it was pushed to the manifest's repository. `never`: a blob
   * without a link there, which was never in Swift either: pull-through stores a manifest before its layers, and whoever
   * pulls it fetches them. (An index may be copied in part: a manifest that is not there says nothing.)
   */
  private async lacksOf(repository: ByteString, digest: string): Promise<Lacks> {
    const manifest = this.read(blobPathOf(digest));
    const lost: string[] = [];
    const never: string[] = [];
    if (manifest === undefined) return { lost, never };
    const { blobs, manifests } = referencesOf(manifest);
    await Promise.all([
      ...blobs.map(async (blob) => {
        const link = await this.ensure(layerLinkOf(repository, blob));
        const there = await this.ensure(blobPathOf(blob));
        if (there === "absent") (link === "absent" ? never : lost).push(blob);
      }),
      ...manifests.map(async (one) => {
        if ((await this.ensure(revisionLinkOf(repository, one))) === "incomplete") lost.push(one);
      }),
    ]);
    return { lost: lost.sort(), never: never.sort() };
  }

  private read(name: ByteString): Buffer | undefined {
    const path = this.writer.locate(name);
    if (path === undefined) return undefined;
    const content = readFileSync(toPath(path));
    return content.length > largestManifest ? undefined : content;
  }

  private miss(name: ByteString, why: string): void {
    const shown = toText(name);
    if (!this.missing.has(shown)) this.missing.set(shown, why);
  }
}
