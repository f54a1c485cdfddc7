import { compareModel } from "./model";
import { reasons } from "./reasons";

/** One line of the results: a goal is met when `ratio` is at most `goal`. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  /** What ours is compared with: the best peer of the same run, or a limit where no peer does the job. */
  readonly peerName: string;
  /** ours / peer. */
  readonly ratio: number;
  readonly goal: number;
  readonly met: boolean;
  /** What answered the clients: Swift of Debian's packages, or the stand-in. */
  readonly server?: Server;
  /** What measured it, and where. */
  readonly command?: string;
  readonly machine?: string;
}
export type Server = "swift" | "stand-in";

/** Rounds for readers: three digits that count. */
const three = (value: number) => Number(value.toPrecision(3));

/** `goal`: at most so much of the peer's figure. */
export function row(
  name: string,
  unit: string,
  ours: number,
  peer: number,
  peerName: string,
  goal: number,
): Row {
  const ratio = three(ours / peer);
  return { name, unit, ours: three(ours), peer: three(peer), peerName, ratio, goal, met: ratio <= goal };
}

export interface Measured {
  readonly who: string;
  readonly value: number;
}
/** The least of them. */
export function best(of: readonly Measured[]): Measured {
  const [first, ...rest] = of;
  if (first === undefined) throw new Error("best: nothing was measured");
  return rest.reduce((least, one) => (one.value < least.value ? one : least), first);
}

export function markdown(rows: readonly Row[], about: readonly string[], raw: readonly string[]): string {
  return [
    "# Benchmark",
    "",
    ...about,
    "",
    "| work | unit | ours | peer | which | ratio | at most | | server | machine |",
    "|---|---|--:|--:|---|--:|--:|---|---|---|",
    ...rows.map(
      ({ name, unit, ours, peer, peerName, ratio, goal, met, server, machine }) =>
        `| ${name} | ${unit} | ${ours} | ${peer} | ${peerName} | ${ratio} | ${goal} | ${met ? "met" : "**not met**"} | ${server ?? ""} | ${machine ?? ""} |`,
    ),
    ...rows
      .filter(({ met }) => !met)
      .map(({ name }) => `\n**${name}**: ${reasons[name] ?? "not looked into yet"}`),
    "",
    "Every run behind the table:",
    "",
    "| work | client | wall s | client CPU s | peak memory MB | server |",
    "|---|---|--:|--:|--:|---|",
    ...raw,
    "",
    "The CPU that the model foretells (bench/model.ts, docs/scale.md) beside what these runs took; it may be a fifth off:",
    "",
    "| run | model s | client CPU s | ratio | |",
    "|---|--:|--:|--:|---|",
    ...compareModel(raw).map(
      ({ run, model, measured, met }) =>
        `| ${run} | ${three(model)} | ${measured} | ${three(model / measured)} | ${met ? "" : "**off**"} |`,
    ),
    "",
  ].join("\n");
}
