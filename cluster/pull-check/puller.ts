/**
 * What runs in the puller's Pod: pulls manifests and one blob each as a node would, following redirects to Swift.
 * Needs nothing but Node; sent as text into the Pod. It goes on after a failure, and holds no blob in memory.
 */
import { type Pulling, quietMilliseconds, RegistryClient } from "./client";
import { smallestBlob } from "./manifest";
import type { Failure, PullOrder, PullResult, Sample } from "./order";
import { Refused } from "./refusal";
import { candidatesFor, inTurn } from "./turns";

/** Images that are pulled at the same time: about as many as a node's kubelet pulls. */
const lanes = 8;

/** Pulls until `count` images were pulled, the candidates are at an end, or the time is up. Never throws for an image. */
export async function pull(order: PullOrder, pulling: Pulling): Promise<PullResult> {
  return new Puller(order, pulling).run();
}

class Puller {
  private readonly failures: Failure[] = [];
  private readonly registry: RegistryClient;
  private manifests = 0;
  private blobs = 0;
  private bytes = 0;
  private redirected = 0;
  /** Images pulled whole. */
  private whole = 0;
  private emptyCatalog = false;
  private saidProgress: number;

  constructor(
    private readonly order: PullOrder,
    private readonly pulling: Pulling,
  ) {
    this.registry = new RegistryClient(order, pulling);
    this.saidProgress = this.registry.now();
  }

  async run(): Promise<PullResult> {
    const samples = this.order.samples ?? (await this.catalogSamples());
    if (samples === undefined) {
      return this.result(0);
    }
    let next = 0;
    let underWay = 0;
    const lane = async () => {
      // No more at once than are still wanted: a further candidate is taken only when an earlier one failed.
      while (
        next < samples.length &&
        this.whole + underWay < this.order.count &&
        this.registry.now() < this.registry.until
      ) {
        const sample = samples[next++]!;
        underWay++;
        await this.image(sample);
        underWay--;
        this.progress();
      }
    };
    // A lane that finds nothing to do ends. A lane whose image fails goes on with the next candidate.
    await Promise.all(Array.from({ length: lanes }, lane));
    const left = Math.max(0, Math.min(this.order.count - this.whole, samples.length - next));
    return this.result(left);
  }

  private result(left: number): PullResult {
    const { manifests, blobs, bytes, redirected, failures } = this;
    const emptyCatalog = this.emptyCatalog ? { emptyCatalog: true } : {};
    return { manifests, blobs, bytes, redirected, failures, left, ...emptyCatalog };
  }

  private async image(sample: Sample): Promise<void> {
    try {
      const manifest = await this.registry.manifest(sample);
      this.manifests++;
      const blob = smallestBlob(manifest);
      if (blob !== undefined) {
        const got = await this.registry.blob(sample.repository, blob.digest);
        this.blobs++;
        this.bytes += got.bytes;
        this.redirected += got.redirected ? 1 : 0;
      }
      this.whole++;
    } catch (error) {
      this.failed(sample, error);
    }
  }

  private failed(sample: Sample, error: unknown): void {
    if (!(error instanceof Refused)) {
      throw error;
    }
    const failure = { sample, ...error.failure };
    this.failures.push(failure);
    this.pulling.say({ event: "failure", failure });
  }

  private progress(): void {
    const now = this.registry.now();
    if (now - this.saidProgress >= quietMilliseconds) {
      this.saidProgress = now;
      const { whole: done, failures } = this;
      this.pulling.say({ event: "progress", done, of: this.order.count, failed: failures.length });
    }
  }

  /**
   * Repositories in turn, one tag of each per round, so that the sample is spread. `undefined`: the catalog cannot be
   * read.
   */
  private async catalogSamples(): Promise<readonly Sample[] | undefined> {
    try {
      const { repositories } = await this.registry.json<{ repositories?: string[] }>("/v2/_catalog?n=1000", {
        part: "manifest",
        what: "the registry's catalog",
      });
      // A catalog with repositories but no tags has nothing to pull; an empty one may be another container's.
      this.emptyCatalog = (repositories ?? []).length === 0;
      const rows: Sample[][] = [];
      for (const repository of (repositories ?? []).slice(0, this.order.count)) {
        rows.push(await this.tagsOf(repository));
      }
      return inTurn(rows, candidatesFor(this.order.count));
    } catch (error) {
      this.failed({ repository: "", reference: "" }, error);
      return undefined;
    }
  }

  private async tagsOf(repository: string): Promise<Sample[]> {
    try {
      const { tags } = await this.registry.json<{ tags?: string[] | null }>(`/v2/${repository}/tags/list`, {
        part: "manifest",
        what: `tags of ${repository}`,
      });
      return (tags ?? []).map((reference) => ({ repository, reference }));
    } catch (error) {
      // A repository whose last tag was deleted is still in the catalog.
      if (error instanceof Refused && error.failure.kind === "missing") {
        return [];
      }
      throw error;
    }
  }
}
