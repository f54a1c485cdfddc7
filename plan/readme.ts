/** The story of a migration so far, in Markdown, for the stack's output `readme`: Pulumi's console shows it. Pure. */
import type { Happening, Journal, StepDone } from "../cluster/journal/journal";
import { counted, duration, showBytes } from "../swift/figures";
import { lastWindowInWords, windowsOf } from "./window";
import type { Words } from "./words";

/** How many of the last steps are shown: `up` prints all of it each time. The journal keeps more. */
const stepsAtMost = 8;

/**
 * `journal`: `undefined` where there is none yet, or it could not be read. Which run did it is left out: a run that
 * changes nothing changes no output.
 */
export function readmeOf({ registry, next }: Words, journal: Journal | undefined): string {
  const steps = (journal?.history ?? []).filter((each): each is Happening & StepDone => "step" in each);
  const fact = (what: string, text: string | undefined) =>
    text === undefined ? [] : [`- **${what}**: ${text}`];
  return [
    "# The image registry's migration",
    "",
    ...fact("Registry", registry),
    ...fact("Container", journal?.container && `\`${journal.container.name}\``),
    ...fact("Proof", proofOf(journal)),
    ...fact("Pushes", pushesOf(journal)),
    ...fact(
      "Old claim",
      journal?.released && `\`${journal.released.claim}\` was released at ${journal.released.at}`,
    ),
    ...fact("Next", next),
    ...(steps.length === 0 ? [] : ["", ...table(steps.slice(-stepsAtMost))]),
    "",
  ].join("\n");
}

/** A window that has not ended grows with each look at it, so only its beginning is shown. */
function pushesOf(journal: Journal | undefined): string | undefined {
  const last = windowsOf(journal?.history).at(-1);
  return last === undefined || last.to !== undefined
    ? lastWindowInWords(journal?.history)
    : `none is taken since ${last.from}`;
}

function proofOf(journal: Journal | undefined): string | undefined {
  const proof = journal?.proof;
  return (
    proof &&
    `${proof.at}, ${counted(proof.objects, "object")}, ${showBytes(proof.bytes)}, digest \`${proof.digest}\``
  );
}

function table(steps: readonly (Happening & StepDone)[]): readonly string[] {
  return [
    "| ended | step | took | |",
    "| --- | --- | --- | --- |",
    ...steps.map(
      (each) => `| ${each.at} | ${each.step} | ${duration(each.seconds)} | ${cell(whatOf(each))} |`,
    ),
  ];
}

function whatOf({ copy, pulled, failed, by }: StepDone): string {
  return [
    ...(failed === undefined ? [] : [`failed: ${failed}`]),
    ...(copy === undefined
      ? []
      : [
          `copied ${counted(copy.objects, "object")} (${showBytes(copy.bytes)}), ${counted(copy.thereObjects, "was there", "were there")}`,
        ]),
    ...(pulled === undefined ? [] : [`pulled ${pulled} images`]),
    ...(by === undefined || by === "already" ? [] : [by]),
  ].join(", ");
}

/** An error's words must not end the cell, nor become a tag. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
