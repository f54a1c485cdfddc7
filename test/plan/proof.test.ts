import { containerName, proven, untouched } from "./observations";
import {
  toSwift,
  withConfig,
  withDeployment,
  withContainer,
  withProof,
  ready,
  expectRefused,
  type RefusalCase,
} from "./support";

describe("invariant 5: refused in preview as in up", () => {
  const refusals: readonly RefusalCase[] = [
    ["no-proof", toSwift, untouched, ["state migrate && pulumi up"]],
    ["stale-proof", toSwift, withProof({ claimUid: "claim-0" }), ["claim-0", "claim-1"]],
    ["stale-proof", toSwift, withProof({ container: "other" }), ['"other"', containerName]],
    ["stale-proof", toSwift, withProof({ account: "https://swift.example/v1/AUTH_9" }), ["AUTH_9"]],
    ["stale-proof", toSwift, withContainer(proven, { objects: 121 }), ["120 objects", "121 objects"]],
    ["stale-proof", toSwift, withContainer(proven, { bytes: 1 }), ["4096 bytes", "1 bytes"]],
    [
      "stale-proof",
      toSwift,
      withDeployment(proven, { uid: "deployment-2" }),
      ["deleted and recreated since sealing"],
    ],
    [
      "stale-proof",
      toSwift,
      {
        ...withDeployment(proven, { revision: 7 }),
        replicaSets: [{ ...ready, revision: 6, env: { storage: "filesystem", readOnly: false } }],
      },
      ["image-registry-9", "revision 6"],
    ],
    ["stale-proof", toSwift, withConfig(proven, { readOnly: false }), ["writable now"]],
    ["stale-proof", toSwift, withDeployment(proven, { revision: 15 }), ["keeps only 10"]],
  ];
  test.each(refusals)("%s in %o", (id, wanted, seen, words) => expectRefused(id, wanted, seen, words));
});
