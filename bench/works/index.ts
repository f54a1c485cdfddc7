/** The works that are measured, each a function of the same stage. Each row has its goal. */
import type { Row } from "../rows";
import { large } from "./large";
import { listing } from "./listing";
import { mixed } from "./mixed";
import { shards } from "./shards";
import { small } from "./small";
import { sparse } from "./sparse";
import type { Stage } from "./stage";

export const works: Readonly<Record<string, (stage: Stage) => Promise<Row[]>>> = {
  small,
  large,
  mixed,
  listing,
  sparse,
  shards,
};
