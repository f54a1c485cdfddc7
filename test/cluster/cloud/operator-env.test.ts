import { swiftEnvironment } from "../../../cluster/cloud/operator-env";
import type { CloudSources } from "../../../cluster/cloud/sources";

const sources: CloudSources = {
  cloudName: "openstack",
  installerSecret: {
    "clouds.yaml": `
clouds:
  openstack:
    auth: {auth_url: "https://keystone.example:13000", username: u, password: 0123456, project_name: p, user_domain_name: Default}
    region_name: r1
`,
  },
};

test("from clouds.yaml, as the operator reads it", () => {
  expect(swiftEnvironment(sources, { container: "c" })).toEqual({
    plain: {
      REGISTRY_STORAGE: "swift",
      REGISTRY_STORAGE_SWIFT_CONTAINER: "c",
      REGISTRY_STORAGE_SWIFT_AUTHURL: "https://keystone.example:13000/v3",
      REGISTRY_STORAGE_SWIFT_AUTHVERSION: "3",
      REGISTRY_STORAGE_SWIFT_DOMAIN: "Default",
      REGISTRY_STORAGE_SWIFT_TENANT: "p",
      REGISTRY_STORAGE_SWIFT_REGION: "r1",
    },
    secret: { REGISTRY_STORAGE_SWIFT_USERNAME: "u", REGISTRY_STORAGE_SWIFT_PASSWORD: "0123456" },
  });
});

test("with the administrator's own secret the place is that of spec.storage.swift, as the switch patches it", () => {
  const userSecret = {
    REGISTRY_STORAGE_SWIFT_USERNAME: "mine",
    REGISTRY_STORAGE_SWIFT_PASSWORD: "my-secret",
  };
  const swift = {
    container: "c",
    authURL: "https://other.example/v3",
    tenant: "t",
    domain: "D",
    regionName: "r2",
  };
  expect(swiftEnvironment({ ...sources, userSecret }, swift)).toMatchObject({
    plain: {
      REGISTRY_STORAGE_SWIFT_AUTHURL: "https://other.example/v3",
      REGISTRY_STORAGE_SWIFT_TENANT: "t",
      REGISTRY_STORAGE_SWIFT_DOMAIN: "D",
      REGISTRY_STORAGE_SWIFT_REGION: "r2",
    },
    secret: userSecret,
  });
});

test("invariant 8: no secret is among what a Pod's text would hold", () => {
  expect(JSON.stringify(swiftEnvironment(sources, { container: "c" }).plain)).not.toContain("0123456");
});

test.each([
  ["https://k.example//", "https://k.example/v3"],
  ["https://k.example/v3/", "https://k.example/v3"],
  ["https://k.example/v2.0/", "https://k.example/v2.0"],
])("Keystone's URL %s is handed on as %s", (authURL, handed) => {
  const { plain } = swiftEnvironment(sources, { container: "c", authURL });
  expect(plain["REGISTRY_STORAGE_SWIFT_AUTHURL"]).toBe(handed);
});
