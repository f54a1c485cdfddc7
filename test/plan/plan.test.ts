import { plan } from "../../plan/plan";
import { claim, untouched } from "./observations";
import { clean, decide, refused, migrate, withConfig, withClaim, broken } from "./support";

test("all at once", () => {
  const seen = {
    ...withConfig(withClaim(untouched, { phase: "Lost" }), { managementState: "Removed" }),
    ...broken("refused"),
  };
  const both = {
    ...seen,
    config: withConfig(untouched, { managementState: "Removed" }).config!,
    claim: { ...claim, phase: "Lost" },
  };
  expect(refused(decide(migrate, both))).toEqual([
    "operator-not-managed",
    "claim-not-bound",
    "credentials-refused",
  ]);
});

test("a cluster that cannot be reached is the only message", () => {
  const decision = plan(
    migrate,
    { reachable: false, server: "https://x:6443", message: "connection refused" },
    clean,
  );
  expect(refused(decision)).toEqual(["cluster-unreachable"]);
});
