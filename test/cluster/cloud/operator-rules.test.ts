import { ignoredFields, signInProblems } from "../../../cluster/cloud/operator-rules";
import type { CloudSources } from "../../../cluster/cloud/sources";

const good = {
  auth_url: "https://keystone.example:13000/v3",
  username: "u",
  password: "pw-secret",
  project_name: "p",
  user_domain_name: "Default",
} as const;

function sources(
  auth: Readonly<Record<string, string>>,
  beside = "",
  more: Partial<CloudSources> = {},
): CloudSources {
  const lines = Object.entries(auth).map(([key, value]) => `      ${key}: ${value}`);
  return {
    cloudName: "openstack",
    installerSecret: {
      "clouds.yaml": `clouds:\n  openstack:\n${beside}    auth:\n${lines.join("\n")}\n`,
    },
    ...more,
  };
}
const without = (...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(good).filter(([key]) => !keys.includes(key)));
const application = {
  auth_url: good.auth_url,
  application_credential_id: "id1",
  application_credential_secret: "ac-secret",
};
const userSecret = {
  REGISTRY_STORAGE_SWIFT_USERNAME: "mine",
  REGISTRY_STORAGE_SWIFT_PASSWORD: "my-secret",
};

test.each([
  ["a password user with a domain's name", sources(good)],
  ["no path", sources({ ...good, auth_url: "https://keystone.example" })],
  ["a slash", sources({ ...good, auth_url: "https://keystone.example:5000/" })],
  [
    "a project's id, whatever its domain",
    sources({ ...good, project_id: "p1", project_domain_name: "Other" }),
  ],
  [
    "the project's domain by id beside the user's by name",
    sources({ ...good, project_domain_id: "default" }),
  ],
  ["an application credential by id", sources(application)],
  ["version 3", sources(good, "    identity_api_version: 3\n")],
  ["a user's secret, the place from clouds.yaml", sources(good, "", { userSecret })],
  ["no clouds.yaml at all: told elsewhere", { cloudName: "" }],
])("signs in: %s", (_what, given) => {
  expect(signInProblems(given)).toEqual([]);
});

test.each([
  [
    "a path",
    sources({ ...good, auth_url: "https://cloud.example/identity" }),
    /has the path \/identity/,
    "Incorrect Auth URL: /identity",
  ],
  [
    "a path before the version",
    sources({ ...good, auth_url: "https://c.example/identity/v3" }),
    /\/identity\/v3/,
    "Incorrect Auth URL: /identity/v3",
  ],
  [
    "an old version in the URL",
    sources({ ...good, auth_url: "https://k.example/v2.0" }),
    /names version v2.0/,
    "does not have",
  ],
  [
    "a way to sign in that it does not know",
    sources(good, "    auth_type: v3oidcpassword\n"),
    /auth_type .* is "v3oidcpassword"/,
    "does not look at it",
  ],
  [
    "the user by an older name, which other clients read",
    sources({ ...without("username"), user_name: "u" }),
    /names the user as user_name/,
    "Exactly one of Username and UserID",
  ],
  [
    "the project by an older name",
    sources({ ...without("project_name"), tenant_name: "p" }),
    /tenant_name or tenant_id/,
    "without a project",
  ],
  [
    "a domain for all beside another one of the user",
    sources({ ...good, domain_name: "Other" }),
    /domain_name "Other" and user_domain_name "Default"/,
    "takes domain_name",
  ],
  [
    "a user's id alone",
    sources({ ...without("username"), user_id: "u1" }),
    /by id \(u1\) only/,
    "Exactly one of Username and UserID",
  ],
  [
    "a project in another domain",
    sources({ ...good, project_domain_name: "Other" }),
    /domain Default and project "p" in domain Other/,
    "one domain for both",
  ],
  [
    "a project in another domain, by id",
    sources({ ...without("user_domain_name"), user_domain_id: "d1", project_domain_id: "d2" }),
    /domain d1 and project "p" in domain d2/,
    "one domain for both",
  ],
  [
    "domain_name before user_domain_name",
    sources({ ...good, domain_name: "D", project_domain_name: "Default" }),
    /domain D and project/,
    "one domain",
  ],
  [
    "no domain",
    sources(without("user_domain_name")),
    /names no domain/,
    "exactly one of DomainID or DomainName",
  ],
  [
    "two domains",
    sources({ ...good, user_domain_id: "d1" }),
    /the domain twice/,
    "exactly one of DomainID or DomainName",
  ],
  [
    "a version with a point",
    sources(good, "    identity_api_version: 3.0\n"),
    /is "3.0"/,
    'parsing "3.0": invalid syntax',
  ],
  ["version 2", sources(good, "    identity_api_version: 2\n"), /is 2/, "/v2 of Keystone"],
  [
    "a token",
    sources({ auth_url: good.auth_url, token: "tok-secret" }),
    /a token and no password/,
    "expires",
  ],
  [
    "both kinds of login",
    sources({ ...good, ...application }),
    /a password and an application credential/,
    "signs in with the password",
  ],
  [
    "an application credential by name",
    sources({
      ...without("password"),
      application_credential_name: "n",
      application_credential_secret: "ac-secret",
    }),
    /by name only \(n\)/,
    "does not know whose",
  ],
  [
    "a user's secret with a token",
    sources(good, "", { userSecret: { REGISTRY_STORAGE_SWIFT_TOKENID: "tok-secret" } }),
    /a token and no password/,
    "expires",
  ],
  [
    "a user's secret, the URL in spec.storage.swift",
    sources(good, "", { userSecret, swift: { authURL: "https://c.example/keystone", domain: "Default" } }),
    /the path \/keystone/,
    "Incorrect Auth URL",
  ],
  [
    "a user's secret, authVersion in spec.storage.swift",
    sources(good, "", { userSecret, swift: { authVersion: "v3" } }),
    /is "v3"/,
    "invalid syntax",
  ],
])("cannot sign in: %s", (_what, given, wrong, answer) => {
  const problems = signInProblems(given);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.wrong).toMatch(wrong);
  expect(problems[0]?.answer).toContain(answer);
  expect(problems[0]?.accepted).not.toBe("");
  expect(JSON.stringify(problems)).not.toMatch(/-secret/);
});

test("several at once are all told", () => {
  const given = sources(
    { ...without("username"), auth_url: "https://c.example/identity", user_id: "u1" },
    "    identity_api_version: 3.0\n",
  );
  expect(signInProblems(given)).toHaveLength(3);
});

test("what the operator does not look at is told, with what it does instead", () => {
  const beside = "    interface: internal\n    verify: false\n";
  expect(ignoredFields(sources(good, beside))).toEqual([
    expect.stringContaining('interface "internal"'),
    expect.stringContaining("verify: false"),
  ]);
  expect(ignoredFields(sources(good, "    interface: publicURL\n"))).toEqual([]);
  const unread =
    "    cert: /etc/c.pem\n    regions: [one, two]\n    swift_endpoint_override: https://s.example\n";
  expect(ignoredFields(sources(good, unread))).toEqual([
    expect.stringContaining("cert of clouds.yaml"),
    expect.stringContaining("first region of the catalog"),
    expect.stringContaining("swift_endpoint_override of clouds.yaml"),
  ]);
});
