import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { MoverSettings } from "./contract";
import { MoverError } from "./errors";

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

export interface Watch {
  readonly asks?: () => Promise<boolean>;
  readonly wait?: () => Promise<unknown>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * Throws once nothing has answered for `seconds` where the registry did before: on a volume of one node its next Pod
 * may be elsewhere and wait for what this Pod holds, and nobody may be there to stop it. Where the registry has never
 * answered, its silence says nothing. It never resolves.
 */
export async function whileRegistryAnswers(registry: Registry, watch: Watch = {}): Promise<never> {
  const { asks = () => answers(registry), wait = () => sleep(pause, undefined, { ref: false }) } = watch;
  const now = watch.now ?? (() => performance.now());
  let last: number | undefined;
  for (;;) {
    if (await asks()) last = now();
    else if (last !== undefined && now() - last >= registry.seconds * 1000) {
      throw new MoverError(
        "made-way",
        `the registry (${registry.host}:${registry.port}) has not answered for ${registry.seconds} s: its Pod may wait for ` +
          "the volume on another node, so this one lets go of it; run the same command again once the registry runs",
      );
    }
    await wait();
  }
}
