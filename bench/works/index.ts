/** The works that are measured, each a function of the same stage. Each row has its goal. */
import type { Row } from "../rows";
import { back } from "./back";
import { folder } from "./folder";
import { large } from "./large";
import { listing } from "./listing";
import { mixed } from "./mixed";
import { shards } from "./shards";
import { small } from "./small";
import { sparse } from "./sparse";
import type { Stage } from "./stage";
import { tenMillion } from "./ten-million";

export const works: Readonly<Record<string, (stage: Stage) => Promise<Row[]>>> = {
  small,
  large,
  mixed,
  back,
  listing,
  folder,
  sparse,
  shards,
  "finish-10m": tenMillion("finish"),
  "verify-10m": tenMillion("verify"),
  "back-10m": tenMillion("back"),
};

/** Works that bring a stand-in of their own, whatever serves the others. */
export const withStandin: ReadonlySet<string> = new Set([
  "back",
  "folder",
  "listing",
  "sparse",
  "finish-10m",
  "verify-10m",
  "back-10m",
]);
