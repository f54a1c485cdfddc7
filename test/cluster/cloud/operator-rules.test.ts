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

function userSecretOf(from: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALID: from["application_credential_id"] ?? "",
    REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALNAME: "n",
    REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALSECRET: from["application_credential_secret"] ?? "",
  };
}

test.each([
  [
    '    verify: "false"\n',
    "clouds.openstack.verify in line 3 of clouds.yaml",
    "true or false, without quotes",
  ],
  ["    region_name: [R]\n", "clouds.openstack.region_name in line 3", "a text"],
  ["    verify: true\n  other: {auth: none}\n  openstack:\n", "clouds.other.auth in line 4", "a mapping"],
])("a value of another type spoils the whole file for the operator: %j", (beside, wrong, accepted) => {
  expect(signInProblems(sources(good, beside))).toEqual([
    {
      wrong: expect.stringContaining(wrong) as string,
      answer: "failed to unmarshal clouds credentials",
      accepted,
    },
  ]);
});

test("beside the user's own secret the file's types do not matter", () => {
  const wrong = sources(good, '    verify: "false"\n', { userSecret: userSecretOf(application) });
  expect(signInProblems(wrong).map((each) => each.answer)).not.toContain(
    "failed to unmarshal clouds credentials",
  );
});

test.each([
  ["a password user with a domain's name", sources(good)],
  ["no path", sources({ ...good, auth_url: "https://keystone.example" })],
  ["a slash", sources({ ...good, auth_url: "https://keystone.example:5000/" })],
  ["slashes too many, which it removes", sources({ ...good, auth_url: "https://keystone.example//" })],
  ["a slash after the version", sources({ ...good, auth_url: "https://keystone.example/v3/" })],
  [
    "a project's id, whatever its domain",
    sources({ ...good, project_id: "p1", project_domain_name: "Other" }),
  ],
  [
    "the project's domain by id beside the user's by name",
    sources({ ...good, project_domain_id: "default" }),
  ],
  ["an application credential by id", sources(application)],
  [
    "an application credential by id, the user's fields beside it",
    sources({ ...application, username: "u", user_domain_name: "Default" }),
  ],
  [
    "an application credential in a user's secret, the project of clouds.yaml beside it",
    sources(good, "", { userSecret: userSecretOf(application) }),
  ],
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
    "a path after the version",
    sources({ ...good, auth_url: "https://k.example/v3/auth/tokens" }),
    /goes on after the version: \/v3\/auth\/tokens/,
    "/v3/auth/tokens/auth/tokens",
  ],
  [
    "an application credential with a project",
    sources({ ...application, project_name: "p", user_domain_name: "Default" }),
    /application credential and a project/,
    "Application credentials cannot request a scope",
  ],
  [
    "an application credential with a project's id",
    sources({ ...application, project_id: "p1" }),
    /application credential and a project/,
    "Application credentials cannot request a scope",
  ],
  [
    "an application credential in a user's secret, a tenant in spec.storage.swift",
    sources(good, "", { userSecret: userSecretOf(application), swift: { tenant: "t" } }),
    /application credential and a project/,
    "Application credentials cannot request a scope",
  ],
  [
    "a line break at the end of the user's name, as --from-file leaves it",
    sources(good, "", { userSecret: { ...userSecret, REGISTRY_STORAGE_SWIFT_USERNAME: "mine\n" } }),
    /REGISTRY_STORAGE_SWIFT_USERNAME .* begins or ends with white space/,
    "Keystone does not know",
  ],
  [
    "a line break at the end of the password",
    sources(good, "", { userSecret: { ...userSecret, REGISTRY_STORAGE_SWIFT_PASSWORD: "my-secret\n" } }),
    /REGISTRY_STORAGE_SWIFT_PASSWORD .* begins or ends with white space/,
    "Keystone does not know",
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
      ...without("password", "project_name"),
      application_credential_name: "n",
      application_credential_secret: "ac-secret",
    }),
    /by name only \(n\)/,
    "which it hands them to, ends",
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

describe("what the registry's own configuration would make of a value", () => {
  // Each was given to distribution 2.8.2 as a variable: it ends in each case but the last.
  test.each([
    ["a number", "0123456"],
    ["a number with an exponent", "1e5"],
    ["yes or no", "yes"],
    ["nothing", "~"],
    ["a pair", "geheim: 7"],
    ["no YAML at all", "@geheim"],
    ["no YAML at all", "{geheim"],
    ["a tag", "!geheim"],
    ["an alias", "*geheim"],
    ["a comment from there on", "geheim #7"],
  ])("%s is no password, and is not quoted", (_what, password) => {
    const given = sources({ ...good, password: JSON.stringify(password) });
    const problems = signInProblems(given);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.wrong).toMatch(/password .* is not read as text/);
    expect(problems[0]?.answer).toContain("does not start");
    expect(JSON.stringify(problems)).not.toContain(password);
  });

  test.each(["pw-secret", "a:b", "x1e5", "gehe#im", "päss wort", "12-34", "a,b"])(
    "%s is read as it is",
    (password) => {
      expect(signInProblems(sources({ ...good, password: JSON.stringify(password) }))).toEqual([]);
    },
  );

  test("a user's name that is a number, an application credential's secret", () => {
    expect(signInProblems(sources({ ...good, username: "'4711'" }))[0]?.wrong).toMatch(/user's name/);
    const secret = { ...application, application_credential_secret: "'12345'" };
    expect(signInProblems(sources(secret))[0]?.wrong).toMatch(/application credential's secret/);
  });

  test("a domain that is a number; a project that is one is read as text", () => {
    expect(signInProblems(sources({ ...good, user_domain_name: "'7'" }))[0]?.wrong).toMatch(/domain/);
    expect(signInProblems(sources({ ...good, project_name: "'7'" }))).toEqual([]);
  });
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
