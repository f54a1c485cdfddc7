import { parseClouds } from "../../swift/clouds";

const yaml = (cloud: object): string => JSON.stringify({ clouds: { c: cloud } });
const password = { auth_url: "https://k:5000/v3", username: "u", password: "hunter2", project_name: "p" };

describe("parseClouds", () => {
  test("reads a password cloud with domains, region, interface and CA, and leaves the secret where it is", () => {
    const result = parseClouds(
      yaml({
        auth: { ...password, user_domain_name: "D", project_domain_id: "default" },
        region_name: "R",
        interface: "internalURL",
        cacert: "/ca.pem",
        identity_api_version: 3,
      }),
      "c",
    );
    expect(result).toEqual({
      ok: true,
      cloud: {
        authUrl: "https://k:5000/v3",
        auth: {
          type: "password",
          username: "u",
          userDomainName: "D",
          projectName: "p",
          projectDomainId: "default",
        },
        region: "R",
        interface: "internal",
        cacert: "/ca.pem",
      },
    });
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });

  test("reads an application credential by id without a user, and by name only with one", () => {
    const auth = { auth_url: "https://k/v3", application_credential_secret: "s" };
    const byId = parseClouds(
      yaml({ auth_type: "v3applicationcredential", auth: { ...auth, application_credential_id: "i" } }),
      "c",
    );
    expect(byId).toMatchObject({ ok: true, cloud: { auth: { applicationCredentialId: "i" } } });
    const byName = { ...auth, application_credential_name: "n" };
    expect(parseClouds(yaml({ auth: byName }), "c")).toEqual({
      ok: false,
      problems: [expect.stringContaining("needs username or user_id")],
    });
    expect(parseClouds(yaml({ auth: { ...byName, username: "u", user_domain_id: "d" } }), "c")).toMatchObject(
      {
        ok: true,
        cloud: { auth: { type: "v3applicationcredential", applicationCredentialName: "n", username: "u" } },
      },
    );
  });

  test("tells every problem at once", () => {
    const result = parseClouds(
      yaml({ auth: { auth_url: "ftp://x" }, interface: "odd", verify: "perhaps" }),
      "c",
    );
    expect(result.ok ? [] : result.problems).toEqual([
      expect.stringContaining('auth_url "ftp://x"'),
      expect.stringContaining("auth.username"),
      expect.stringContaining("auth.password is missing"),
      expect.stringContaining("project_name"),
      expect.stringContaining('interface "odd" must be one of public, internal, admin'),
      expect.stringContaining("verify must be"),
    ]);
  });

  test("quotes neither a broken file nor the names it does not know", () => {
    expect(JSON.stringify(parseClouds("clouds: {c: {auth: {password: hunter2, ", "c"))).not.toContain(
      "hunter2",
    );
    expect(parseClouds(yaml({ auth: password }), "other")).toEqual({
      ok: false,
      problems: ['clouds.yaml has no cloud "other"; it has: c'],
    });
  });
});
