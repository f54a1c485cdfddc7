/**
 * Scenarios run one after the other, in the order they are written, on one cluster: each is a story whose steps build
 * on each other, and the first step that fails ends its story. (A test framework would run the rest of them on a
 * registry that is somewhere in between.)
 */
import { inspect } from "node:util";
import type { World } from "./world";

export interface Scenario {
  /** Short, for `--only`. */
  readonly name: string;
  /** What it shows, for people. */
  readonly title: string;
  /** The lab gets as many nodes before it begins, if it has fewer, and keeps them for the scenarios after it. */
  readonly nodes?: number;
  /** Why it cannot run in this world; `undefined` when it can. */
  readonly skip?: (world: World) => string | undefined;
  /** Left out of `npm test`, which has an hour; `npm run test:e2e` runs it. */
  readonly long?: boolean;
  readonly run: (t: Story) => Promise<void>;
}

export interface Outcome {
  readonly scenario: string;
  readonly test: string;
  readonly result: "passed" | "failed" | "skipped";
  readonly seconds: number;
  readonly why?: string;
}

/** Thrown where a test cannot be done here: counted and printed as skipped. */
export class Skip extends Error {}

/** A scenario under way. */
export class Story {
  readonly outcomes: Outcome[] = [];

  constructor(
    readonly scenario: Scenario,
    readonly world: World,
  ) {}

  /** A test that changes nothing: a failure is printed and counted, and the story goes on. */
  async check(name: string, body: () => Promise<void>): Promise<void> {
    await this.test(name, body).catch((error: unknown) => {
      if (!(error instanceof StoryEnded)) throw error;
    });
  }

  /** One thing shown. A failure is printed, counted, and ends the scenario. */
  async test(name: string, body: () => Promise<void>): Promise<void> {
    const began = Date.now();
    const done = (result: Outcome["result"], why?: string): void => {
      const seconds = (Date.now() - began) / 1000;
      this.outcomes.push({
        scenario: this.scenario.name,
        test: name,
        result,
        seconds,
        ...(why === undefined ? {} : { why }),
      });
      const word = { passed: "ok     ", failed: "FAILED ", skipped: "skipped" }[result];
      console.log(
        `  ${word} ${name} (${seconds.toFixed(1)} s)${why === undefined ? "" : `\n${indent(why)}`}`,
      );
    };
    try {
      await body();
      done("passed");
    } catch (error) {
      if (error instanceof Skip) return done("skipped", error.message);
      done("failed", error instanceof Error ? (error.stack ?? error.message) : inspect(error));
      throw new StoryEnded();
    }
  }
}

/** The scenario ended early; the failure is in its outcomes. */
export class StoryEnded extends Error {}

export function indent(text: string): string {
  return text.replaceAll(/^/gm, "          ");
}
