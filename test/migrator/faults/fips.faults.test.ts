/** A node in FIPS mode: the system's crypto has no MD5, and the mover needs none. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MoverSettings } from "../../../migrator/contract";
import { differences, expectedObjects, standinObjects } from "../support/inventory";
import { scratchFolder } from "../support/mover";
import { Stage, container, expectOk, expectProven, named, onVolume } from "./stage";

const env = { NODE_OPTIONS: `--require ${resolve("test/migrator/support/no-md5.js")}` };

/** Of the same repository; leads to another manifest. */
const otherTag = named.tag.replace("/v0/", "/v3/");

let stage: Stage;
beforeEach(async () => (stage = await Stage.start()));
afterEach(() => stage.stop());

test("that Node.js has no MD5", () => {
  const script = 'require("node:crypto").createHash("md5")';
  expect(() => execFileSync(process.execPath, ["-e", script], { env, stdio: "pipe" })).toThrow(/0308010C/);
});

test.each([0, 2])("every mode, with %i worker threads", async (workers) => {
  const run = (rest: Partial<MoverSettings>) => stage.run({ workers, ...rest }, { env });
  expectOk(await run({ mode: "copy" }));
  expectProven(stage, await run({ mode: "finish" }));
  expectProven(stage, await run({ mode: "finish", verify: "full" }));

  // A tag that was moved is read and compared, a segment that an interrupted run left is read again.
  copyFileSync(onVolume(stage.root, otherTag), onVolume(stage.root, named.tag));
  stage.standin.container(container).delete(named.large);
  expectProven(stage, await run({ mode: "finish" }));
  expectProven(stage, await run({ mode: "verify" }));

  const target = scratchFolder("target-");
  mkdirSync(join(target, "docker/registry/v2"), { recursive: true });
  expectOk(await run({ mode: "back", root: target }));
  const back = () => differences(standinObjects(stage.standin, container).objects, expectedObjects(target));
  expect(back()).toEqual([]);
  rmSync(onVolume(target, named.tag));
  expectOk(await run({ mode: "back", root: target, verify: "full" }));
  expect(back()).toEqual([]);
});
