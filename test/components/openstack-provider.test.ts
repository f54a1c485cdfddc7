import { Provider } from "@pulumi/openstack/provider";
import {
  leakingVariables,
  openstackProvider,
  providerArgs,
  withAccount,
  withProject,
} from "../../components/openstack-provider";
import { declare, secretValue } from "./mocks";

const password = {
  authUrl: "https://keystone.example/v3",
  userName: "u",
  password: "swordfish",
  userDomainName: "Default",
  tenantName: "p",
};
const application = {
  authUrl: "https://keystone.example/v3",
  applicationCredentialId: "id",
  applicationCredentialSecret: "swordfish",
};

/** A workstation that points somewhere else, in every way it can. */
const misleading: Readonly<Record<string, string>> = {
  OS_ALLOW_REAUTH: "false",
  OS_APPLICATION_CREDENTIAL_ID: "x",
  OS_APPLICATION_CREDENTIAL_NAME: "x",
  OS_APPLICATION_CREDENTIAL_SECRET: "x",
  OS_AUTH_TOKEN: "x",
  OS_AUTH_URL: "https://elsewhere.example/v3",
  OS_CACERT: "/elsewhere.pem",
  OS_CERT: "x",
  OS_CLOUD: "elsewhere",
  OS_DEFAULT_DOMAIN: "x",
  OS_DELAYED_AUTH: "false",
  OS_DOMAIN_ID: "x",
  OS_DOMAIN_NAME: "x",
  OS_ENDPOINT_TYPE: "admin",
  OS_IDENTITY_API_VERSION: "2",
  OS_INSECURE: "true",
  OS_KEY: "x",
  OS_PASSWORD: "x",
  OS_PROJECT_DOMAIN_ID: "x",
  OS_PROJECT_DOMAIN_NAME: "x",
  OS_PROJECT_ID: "x",
  OS_PROJECT_NAME: "x",
  OS_REGION_NAME: "elsewhere",
  OS_SWAUTH: "true",
  OS_SYSTEM_SCOPE: "true",
  OS_TENANT_ID: "x",
  OS_TENANT_NAME: "x",
  OS_TOKEN: "x",
  OS_USERNAME: "x",
  OS_USER_DOMAIN_ID: "x",
  OS_USER_DOMAIN_NAME: "x",
  OS_USER_ID: "x",
};

describe("a workstation full of OS_* variables", () => {
  const before = process.env;
  beforeEach(() => {
    process.env = { ...before, ...misleading };
  });
  afterEach(() => {
    process.env = before;
  });

  test("changes no argument of the provider", async () => {
    const polluted = await declare(() => openstackProvider(password, {}));
    process.env = before;
    const clean = await declare(() => openstackProvider(password, {}));
    const { useOctavia, ...inputs } = polluted.recorded.get("openstack").inputs;
    const { useOctavia: same, ...expected } = clean.recorded.get("openstack").inputs;
    expect(useOctavia).toBe(same);
    expect(inputs).toEqual(expected);
    expect(inputs).toMatchObject({
      cloud: "",
      token: "",
      region: "",
      endpointType: "public",
      insecure: "false",
    });
    expect(JSON.stringify(inputs)).not.toMatch(/elsewhere|"x"/);
    expect(secretValue(inputs["password"])).toBe("swordfish");
  });

  test("every argument that the provider's package knows is given, so that none is left to fill in", async () => {
    const { recorded } = await declare(() => new Provider("openstack", {}, {}));
    const filledIn = Object.keys(recorded.get("openstack").inputs);
    expect(filledIn.length).toBeGreaterThan(0);
    const given = Object.keys(providerArgs(password));
    // Load balancers are not this program's; the provider warns of this argument whenever it is given.
    expect(filledIn.filter((name) => !given.includes(name) && name !== "useOctavia")).toEqual([]);
  });

  test("those that the library inside the provider reads for itself are named", () => {
    expect(leakingVariables(misleading, password)).toEqual([
      "OS_CLOUD",
      "OS_IDENTITY_API_VERSION",
      "OS_TOKEN",
      "OS_AUTH_TOKEN",
      "OS_APPLICATION_CREDENTIAL_ID",
      "OS_APPLICATION_CREDENTIAL_NAME",
      "OS_APPLICATION_CREDENTIAL_SECRET",
      "OS_USER_ID",
      "OS_USER_DOMAIN_ID",
      "OS_DOMAIN_ID",
      "OS_DOMAIN_NAME",
      "OS_TENANT_ID",
      "OS_PROJECT_ID",
      "OS_PROJECT_DOMAIN_ID",
      "OS_PROJECT_DOMAIN_NAME",
    ]);
    expect(leakingVariables(misleading, application)).toEqual([
      "OS_CLOUD",
      "OS_IDENTITY_API_VERSION",
      "OS_TOKEN",
      "OS_AUTH_TOKEN",
      "OS_PASSWORD",
      "OS_USER_ID",
      "OS_USERNAME",
      "OS_USER_DOMAIN_ID",
      "OS_USER_DOMAIN_NAME",
      "OS_DOMAIN_ID",
      "OS_DOMAIN_NAME",
    ]);
    const byId = { ...password, userDomainId: "default", userDomainName: "Default", tenantId: "t" };
    expect(leakingVariables({ OS_DOMAIN_ID: "x", OS_DOMAIN_NAME: "x" }, byId)).toEqual([]);
  });

  test("with the project's id, a shell that sourced another project's openrc is harmless", () => {
    const id = "e06b13031f8e4319945b6e46cc1c429a";
    const openrc = {
      OS_AUTH_URL: "https://elsewhere.example/v3",
      OS_IDENTITY_API_VERSION: "3",
      OS_INTERFACE: "public",
      OS_PASSWORD: "x",
      OS_PROJECT_DOMAIN_ID: "default",
      OS_PROJECT_ID: "x",
      OS_PROJECT_NAME: "x",
      OS_REGION_NAME: "x",
      OS_USERNAME: "x",
      OS_USER_DOMAIN_NAME: "x",
    };
    const known = withProject(password, `https://swift.example/v1/AUTH_${id}`);
    expect(known).toEqual({ ...password, tenantId: id });
    expect(leakingVariables(openrc, known)).toEqual([]);
    expect(withProject(password, "https://ceph.example/swift/v1")).toBe(password);
    expect(withProject(application, `https://swift.example/v1/AUTH_${id}`)).toBe(application);
  });

  test("those that an argument takes the place of are not", () => {
    const harmless = {
      OS_AUTH_URL: "x",
      OS_USERNAME: "x",
      OS_PASSWORD: "x",
      OS_REGION_NAME: "x",
      OS_PROJECT_NAME: "x",
    };
    expect(leakingVariables(harmless, password)).toEqual([]);
    expect(leakingVariables({ OS_IDENTITY_API_VERSION: "3", OS_CLOUD: "" }, password)).toEqual([]);
  });
});

test("the container is made in the account that was looked at, whatever else of type object-store the catalog has", () => {
  const account = "https://swift.example/v1/AUTH_1";
  expect(providerArgs(withAccount(password, account)).endpointOverrides).toEqual({
    "object-store": `${account}/`,
  });
  expect(providerArgs(withAccount(password, undefined))).not.toHaveProperty("endpointOverrides");
});
