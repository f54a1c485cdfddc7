import type { ByteString } from "../../swift/bytes";
import { defined } from "../../swift/defined";
import type { Progress } from "../events";
import type { Tally } from "../contract";
import { SharedFolders } from "../volume/folders";
import { walkRegistry, type SourceFile } from "../volume/walk";

/** Milliseconds a scan may hold the thread at a time. */
const slice = 5;

/**
 * Counts the volume ahead of the copy, so that totals are known while it runs. It only walks while the copy
 * waits for the network: a run that finds nothing to copy never starts it.
 */
export class ScanAhead {
  private walk: Iterator<SourceFile> | undefined;
  private objects = 0;
  private bytes = 0;
  private ended = false;
  private running = false;

  constructor(
    private readonly root: string,
    private readonly progress: Progress,
    /** Shared with the walk that it runs ahead of. */
    private readonly folders = new SharedFolders(),
    /** Of these names alone; default: all. */
    private readonly counts: (name: ByteString) => boolean = () => true,
    /** As the other walk's. */
    private readonly wants?: (folder: ByteString) => boolean,
  ) {}

  /** Goes on with the scan, in slices, until the promise settles. */
  advanceUntil(done: Promise<void>): void {
    if (this.ended || this.running) return;
    this.running = true;
    let stopped = false;
    const stop = (): void => {
      stopped = true;
      this.running = false;
    };
    done.then(stop, stop);
    const step = (): void => {
      if (stopped || this.ended) return;
      const { root, folders } = this;
      this.walk ??= walkRegistry({
        root,
        folders,
        ahead: true,
        onProblem: () => undefined,
        ...defined({ wants: this.wants }),
      });
      for (const end = performance.now() + slice; performance.now() < end;) {
        const next = this.walk.next();
        if (next.done) {
          this.stop({ objects: this.objects, bytes: this.bytes });
          return;
        }
        if (!this.counts(next.value.name)) continue;
        this.objects++;
        this.bytes += next.value.bytes;
      }
      this.progress.expected({ objects: this.objects, bytes: this.bytes }, true);
      setImmediate(step);
    };
    setImmediate(step);
  }

  /** The totals are known, from here or from elsewhere. */
  stop(total: Tally): void {
    if (this.ended) return;
    this.ended = true;
    this.progress.scanned({ objects: total.objects, bytes: total.bytes });
  }
}
