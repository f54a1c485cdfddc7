import type { Scenario } from "../support/scenario";
import { apiServer } from "./api-server";
import { bridge } from "./bridge";
import { causes } from "./causes";
import { complaint } from "./complaint";
import { drain } from "./drain";
import { automation, ecosystem } from "./ecosystem";
import { interruptions } from "./interruptions";
import { makesWay } from "./makes-way";
import { endedByNode, outOfMemory } from "./pods";
import { oneAfterTwo } from "./one-after-two";
import { proxy } from "./proxy";
import { images } from "./pulls";
import { refusals } from "./refusals";
import { neverAway, neverAwayBack } from "./releases";
import { destroy, lostState, release, withoutCopyBack } from "./return";
import { lateCauses } from "./late-causes";
import { operatorTrouble, pruner, pullCheck, recreate, stubbornPod } from "./sealing";
import { misleadingEnvironment, permissions, secrets, twoStacks } from "./stacks";
import { swiftGone } from "./swift-gone";
import { shards, unattendedShards } from "./shards";
import { unreachable } from "./unreachable";
import { alone, applicationCredential, foreignFiles } from "./volumes";
import { abortAfterMigrate, live, way } from "./way";

/** In the order they run. */
export const scenarios: readonly Scenario[] = [
  way,
  abortAfterMigrate,
  live,
  bridge,
  refusals,
  recreate,
  stubbornPod,
  operatorTrouble,
  complaint,
  apiServer,
  pruner,
  pullCheck,
  images,
  withoutCopyBack,
  twoStacks,
  secrets,
  permissions,
  misleadingEnvironment,
  lostState,
  destroy,
  ecosystem,
  automation,
  alone,
  foreignFiles,
  applicationCredential,
  proxy,
  outOfMemory,
  endedByNode,
  unreachable,
  causes,
  lateCauses,
  swiftGone,
  interruptions,
  release,
  unattendedShards,
  // These have two nodes.
  shards,
  drain,
  makesWay,
  neverAway,
  neverAwayBack,
  oneAfterTwo,
];
