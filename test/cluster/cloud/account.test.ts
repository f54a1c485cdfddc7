import { isProvenAccount, sameAccount } from "../../../cluster/cloud/account";
import { resolveCloud } from "../../../cluster/cloud/cloud";
import type { Journal } from "../../../cluster/journal/journal";
import { proofOf } from "../support/session";

const internal = "http://swift.internal:8080/v1/AUTH_p1";
const outside = "https://swift.example/v1/AUTH_p1";

test("one account by two interfaces is one; another project's, or none in the path, is not", () => {
  expect(sameAccount(internal, outside)).toBe(true);
  expect(sameAccount(internal, "https://swift.example/v1/AUTH_p2")).toBe(false);
  expect(sameAccount("https://a/swift/v1", "https://a/swift/v1")).toBe(true);
  expect(sameAccount("https://a/swift/v1", "https://b/swift/v1")).toBe(false);
  expect(sameAccount("not a URL", outside)).toBe(false);
});

describe("the account of a proof", () => {
  const journal = (account: string): Journal => ({
    version: 1,
    phase: "proven",
    phaseSince: "now",
    container: { name: "c", account },
  });
  const proof = (account: string) => ({ ...proofOf(undefined), account });

  test("is told by the path, whichever way this machine goes", () => {
    expect(isProvenAccount(journal(outside), proof(internal), outside)).toBe(true);
    expect(isProvenAccount(journal(internal), proof(internal), outside)).toBe(true);
  });

  test("where no path tells it, it is the one where this machine found the container", () => {
    const gateway = { pod: "http://rgw.internal/swift/v1", here: "https://rgw.example/swift/v1" };
    expect(isProvenAccount(journal(gateway.here), proof(gateway.pod), gateway.here)).toBe(true);
    expect(isProvenAccount(journal(gateway.pod), proof(gateway.pod), gateway.here)).toBe(false);
  });

  test("invariant 2: another project's is another, wherever this machine found a container of that name", () => {
    const other = "https://swift.example/v1/AUTH_p2";
    expect(isProvenAccount(journal(other), proof(internal), other)).toBe(false);
  });
});

test("the Pod goes by the public endpoint, as the registry will, whatever interface clouds.yaml names; openstack:endpointType steers this machine", () => {
  const auth = "{auth_url: 'https://k', username: u, password: p, project_name: p, user_domain_name: d}";
  const cloud = resolveCloud(
    {
      cloudName: "openstack",
      installerSecret: { "clouds.yaml": `clouds: {openstack: {interface: internal, auth: ${auth}}}` },
    },
    { endpointType: "internal" },
  );
  if (!cloud.ok) throw new Error(cloud.message);
  expect([cloud.pod.interface, cloud.workstation.interface]).toEqual([undefined, "internal"]);
});
