import { appendFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MoverSettings } from "./contract";
import { isPermanent, MoverError } from "./errors";

/**
 * The process's exit code: 0 where the registry may need the volume and running again would end the same way. With any
 * other its container would be started again, and its Pod keep the volume, while nobody may be there to stop it. The
 * report has the code.
 */
export function processCode(exitCode: number, { makeWay }: Pick<MoverSettings, "makeWay">): number {
  return makeWay !== undefined && isPermanent(exitCode) ? 0 : exitCode;
}

/** Milliseconds between two questions, and for one answer. */
const pause = 10_000;
const patience = 5_000;

type Registry = NonNullable<MoverSettings["makeWay"]>;

/** One connection, closed at once. */
function answers({ host, port }: Registry): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patience });
    const end = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

/** When the registry answered last, also in a container of this Pod that ended: it is started again. */
export interface Memory {
  /** Milliseconds since then; `undefined`: it has not. */
  age(): number | undefined;
  /** It answers now. */
  answered(): void;
  /** It does not answer; tells how often that was since it last did. */
  silent(): number;
}

/** A file's time and another one's length, in the Pod's folder for such files, which outlives its containers. */
export function memoryIn(folder = tmpdir()): Memory {
  const answer = join(folder, "registry-answered");
  const silence = join(folder, "registry-silent");
  let own = 0;
  return {
    age() {
      const since = statSync(answer, { throwIfNoEntry: false })?.mtimeMs;
      return since === undefined ? undefined : Math.max(0, Date.now() - since);
    },
    answered() {
      own = 0;
      try {
        writeFileSync(answer, "");
        rmSync(silence, { force: true });
      } catch {
        // Without a memory a container that is started again waits for the registry's first answer.
      }
    },
    silent() {
      own++;
      try {
        appendFileSync(silence, ".");
        return statSync(silence).size;
      } catch {
        return own;
      }
    },
  };
}

export interface Watch {
  readonly asks?: () => Promise<boolean>;
  readonly wait?: () => Promise<unknown>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly memory?: Memory;
}

/**
 * Questions without an answer before a silence counts, however long it is: the time of a file follows a clock that may be
 * set. All containers of the Pod ask them together: one may end at once whenever it is started, for want of memory.
 */
const silentQuestions = 6;

/**
 * Throws once nothing has answered for `seconds` where the registry did before: on a volume of one node its next Pod
 * may be elsewhere and wait for what this Pod holds, and nobody may be there to stop it. Where the registry has never
 * answered, its silence says nothing. It never resolves.
 */
export async function whileRegistryAnswers(registry: Registry, watch: Watch = {}): Promise<never> {
  const { asks = () => answers(registry), wait = () => sleep(pause, undefined, { ref: false }) } = watch;
  const now = watch.now ?? (() => performance.now());
  const memory = watch.memory ?? memoryIn();
  const limit = registry.seconds * 1000;
  const age = memory.age();
  let last = age === undefined ? undefined : now() - age;
  for (;;) {
    if (await asks()) {
      last = now();
      memory.answered();
    } else if (last !== undefined && memory.silent() >= silentQuestions && now() - last >= limit) {
      throw new MoverError(
        "made-way",
        `the registry (${registry.host}:${registry.port}) has not answered for ${registry.seconds} s: its Pod may wait for ` +
          "the volume on another node, so this one lets go of it; run the same command again once the registry runs",
      );
    }
    await wait();
  }
}
