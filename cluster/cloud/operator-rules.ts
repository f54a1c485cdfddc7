/**
 * What the registry's operator, and then the registry, would make of the cluster's credentials. They know fewer rules
 * than OpenStack's own clients, so credentials that work for `openstack` may fail there. Without this check that would
 * show only when the sealed registry is to start on Swift. Pure; no value of a secret is ever quoted.
 *
 * Source of the rules: the operator's `pkg/storage/swift/swift.go` (GetConfig, getSwiftClient, ConfigEnv) and
 * gophercloud's `auth_options.go`, the same in releases 4.12 to 5.x.
 */
import { textAt, treeAt } from "../../swift/yaml-text";
import { installerSecretName, userSecretName } from "../names";
import { keystonePath } from "./keystone-url";
import { installerCloud, operatorCloud } from "./operator-env";
import { operatorView, type SignIn } from "./operator-view";
import { readsAsText } from "./registry-value";
import type { CloudSources } from "./sources";

/** One problem that keeps the operator from signing in. */
export interface SignInProblem {
  /** What is there: the thing and its value. */
  readonly wrong: string;
  /** What the operator answers to it. */
  readonly answer: string;
  /** What it takes instead, and where to change it. */
  readonly accepted: string;
}

/** Every problem that the operator would have; none when it can sign in, or when there is nothing to judge. */
export function signInProblems(sources: CloudSources): readonly SignInProblem[] {
  const read = operatorView(sources);
  if (read === undefined) {
    return [];
  }
  return [
    ...typeProblems(sources),
    ...urlProblems(read),
    ...fileProblems(read),
    ...userProblems(read),
    ...domainProblems(read),
    ...scopeProblems(read),
    ...valueProblems(read),
    ...spaceProblems(sources),
  ];
}

/** One value of another type than its field's spoils the whole file for it, whichever cloud it is in. */
function typeProblems(sources: CloudSources): SignInProblem[] {
  const cloud = sources.userSecret === undefined ? installerCloud(sources) : undefined;
  const mistakes = cloud?.found === true ? cloud.mistakes : [];
  return mistakes.map(({ line, path, expected }) => ({
    wrong: `${path.join(".")} in line ${line} of clouds.yaml in secret ${installerSecretName} is not ${expected}`,
    answer: "failed to unmarshal clouds credentials",
    accepted: `${expected}${expected === "true or false" ? ", without quotes" : ""}`,
  }));
}

/** Ways to sign in that the operator does not read at all: it takes what is left, and fails or is somebody else. */
const authTypes = /^(|password|v3password|v3applicationcredential)$/;

/** What other clients read in clouds.yaml and the operator does not. */
function fileProblems({ where, file, domain, password, username, project }: SignIn): SignInProblem[] {
  if (file === undefined) {
    return [];
  }
  const problems: SignInProblem[] = [];
  if (!authTypes.test(file.authType)) {
    problems.push({
      wrong: `auth_type in ${where} is "${file.authType}"`,
      answer:
        "it does not look at it, and signs in with the password or the application credential that it finds",
      accepted: "a user's name and password, or an application credential",
    });
  }
  if (password !== "" && username === "" && file.userName !== "") {
    problems.push({
      wrong: `${where} names the user as user_name`,
      answer: "Exactly one of Username and UserID must be provided for password authentication",
      accepted: "the same in auth.username",
    });
  }
  if (password !== "" && project.name === "" && project.id === "" && file.tenant !== "") {
    problems.push({
      wrong: `${where} names the project as tenant_name or tenant_id`,
      answer: "it signs in without a project, and then finds no object store",
      accepted: "the same in auth.project_name or auth.project_id",
    });
  }
  // With a project in yet another domain that is told instead.
  const sameProject = project.domain === "" || project.domain === domain;
  if (password !== "" && sameProject && file.userDomain !== "" && domain !== file.userDomain) {
    problems.push({
      wrong: `${where} has domain_name "${domain}" and user_domain_name "${file.userDomain}"`,
      answer: "it takes domain_name for user and project, other clients take user_domain_name for the user",
      accepted: "user_domain_name alone",
    });
  }
  return problems;
}

/** Fields of clouds.yaml that the operator and the registry do not look at, with what they do instead. */
export function ignoredFields(sources: CloudSources): readonly string[] {
  const cloud = operatorCloud(sources);
  if (cloud === undefined || sources.userSecret !== undefined) {
    return [];
  }
  const face = textAt(cloud, "interface") || textAt(cloud, "endpoint_type");
  const ignored: string[] = [];
  if (face !== "" && !/^public(URL)?$/.test(face)) {
    ignored.push(
      `interface "${face}" of clouds.yaml: the operator and the registry use the public endpoint, and so does this program`,
    );
  }
  if (/^(false|no|off)$/i.test(textAt(cloud, "verify"))) {
    ignored.push(
      "verify: false of clouds.yaml: the operator checks certificates all the same; what they were signed by must be " +
        `in key cacert of secret ${installerSecretName}, or in the cluster's trusted CAs`,
    );
  }
  for (const [key, instead] of unread) {
    if (treeAt(cloud, key) !== undefined) {
      ignored.push(`${key} of clouds.yaml: the operator and the registry do not read it: ${instead}`);
    }
  }
  return ignored;
}

const endpoint = "they take the endpoint of the service named swift in Keystone's catalog";
/** Fields beside `auth` that other clients know, and what happens without them. */
const unread: readonly (readonly [string, string])[] = [
  ["cert", "a Keystone that asks for a client certificate refuses them"],
  ["regions", "without region_name they take the first region of the catalog"],
  ["profile", "what it stands for must be written out"],
  ["object_store_endpoint_override", endpoint],
  ["swift_endpoint_override", endpoint],
];

function urlProblems({ where, authUrl, version }: SignIn): SignInProblem[] {
  const problems: SignInProblem[] = [];
  if (version !== "" && !/^[+-]?\d+$/.test(version)) {
    problems.push({
      wrong: `identity_api_version in ${where} is "${version}"`,
      answer: `unable to parse authVersion: strconv.Atoi: parsing "${version}": invalid syntax`,
      accepted: "identity_api_version 3, without a point, or none",
    });
  } else if (version !== "" && Number(version) !== 3) {
    problems.push({
      wrong: `identity_api_version in ${where} is ${version}`,
      answer: `it would sign in at /v${version} of Keystone, which today's Keystone does not have`,
      accepted: "identity_api_version 3, or none",
    });
  }
  const path = keystonePath(authUrl);
  if (path !== "" && !/^\/v[123]/.test(path)) {
    const { origin } = new URL(authUrl);
    problems.push({
      wrong: `Keystone's URL in ${where} is ${authUrl}: it has the path ${path}`,
      answer: `Incorrect Auth URL: ${path}`,
      accepted: `a URL without a path, or with /v3 alone: ${origin}/v3, if Keystone answers there; else a port or a host name of its own for Keystone (openstack endpoint list --service identity)`,
    });
  } else if (/^\/v[12]/.test(path)) {
    problems.push({
      wrong: `Keystone's URL in ${where} is ${authUrl}: it names version ${path.slice(1)}`,
      answer: "it signs in by that version, which today's Keystone does not have",
      accepted: `${new URL(authUrl).origin}/v3`,
    });
  } else if (path !== "" && path !== "/v3") {
    problems.push({
      wrong: `Keystone's URL in ${where} is ${authUrl}: it goes on after the version: ${path}`,
      answer: `it hands the URL to the registry as it is, which then asks ${path}/auth/tokens and gets a 404`,
      accepted: `${new URL(authUrl).origin}/v3`,
    });
  }
  return problems;
}

function userProblems({
  where,
  username,
  userId,
  password,
  token,
  application,
  file,
}: SignIn): SignInProblem[] {
  if (password === "" && application.secret === "") {
    return token
      ? [
          {
            wrong: `${where} holds a token and no password`,
            answer: "it signs in with the token until that expires, and fails then",
            accepted: "a user's name and password, or an application credential",
          },
        ]
      : [];
  }
  if (password !== "" && application.secret !== "") {
    return [
      {
        wrong: `${where} holds a password and an application credential`,
        answer:
          "it signs in with the password, other clients with the application credential: these may be two projects",
        accepted: "one of the two",
      },
    ];
  }
  if (password !== "" && username === "" && (file?.userName ?? "") === "") {
    return [
      {
        wrong: `${where} names the user by id${userId === "" ? "" : ` (${userId})`} only`,
        answer: "Exactly one of Username and UserID must be provided for password authentication",
        accepted: "the user's name in auth.username: openstack user show <id>",
      },
    ];
  }
  if (application.secret !== "" && application.id === "") {
    return [
      {
        wrong: `${where} names the application credential by name only (${application.name})`,
        answer:
          "the registry, which it hands them to, ends: it asks for a password or for the credential's id",
        accepted: "application_credential_id: openstack application credential show <name>",
      },
    ];
  }
  return [];
}

function domainProblems({ where, password, username, domain, domainId, project }: SignIn): SignInProblem[] {
  if (password === "" || username === "") {
    return [];
  }
  if ((domain === "") === (domainId === "")) {
    const which = domain === "" ? "names no domain" : `names the domain twice (${domain}, id ${domainId})`;
    return [
      {
        wrong: `${where} ${which}`,
        answer: "You must provide exactly one of DomainID or DomainName to authenticate by Username",
        accepted: "one of user_domain_name and user_domain_id",
      },
    ];
  }
  if (project.id !== "") {
    return [];
  }
  const other =
    (domain !== "" && project.domain !== "" && project.domain !== domain && project.domain) ||
    (domainId !== "" && project.domainId !== "" && project.domainId !== domainId && project.domainId);
  return other === false || other === ""
    ? []
    : [
        {
          wrong: `${where} has the user in domain ${domain || domainId} and project "${project.name}" in domain ${other}`,
          answer: "it knows one domain for both, and would look for the project in the user's",
          accepted:
            "project_id instead of project_name (openstack project show), or a user of the project's domain",
        },
      ];
}

/** The operator asks for the project's scope, whatever it signs in with. */
function scopeProblems({ where, password, application, project }: SignIn): SignInProblem[] {
  if (password !== "" || application.secret === "" || (project.name === "" && project.id === "")) {
    return [];
  }
  return [
    {
      wrong: `${where} has an application credential and a project (${project.name || project.id})`,
      answer: "Application credentials cannot request a scope",
      accepted: "the same without the project: an application credential has its own",
    },
  ];
}

/** What the registry's configuration would read as something else than text. No value is quoted. */
function valueProblems({ where, ...read }: SignIn): SignInProblem[] {
  const values: readonly (readonly [string, string])[] = [
    ["user's name", read.username],
    ["password", read.password],
    ["application credential's id", read.application.id],
    ["application credential's secret", read.application.secret],
    ["user's domain", read.domain],
    ["user's domain id", read.domainId],
  ];
  return values
    .filter(([, value]) => value !== "" && !readsAsText(value.trim()))
    .map(([what]) => ({
      wrong: `the ${what} in ${where} is not read as text by the registry, which reads its settings as YAML`,
      answer: "the operator signs in with it, but the registry, which it hands it to, does not start",
      accepted: `another ${what}: letters and digits, a letter first`,
    }));
}

/** `oc create secret --from-file` takes the line break at the end of the file along; the operator sends it. */
function spaceProblems({ userSecret = {} }: CloudSources): SignInProblem[] {
  return Object.entries(userSecret)
    .filter(([key, value]) => key.startsWith("REGISTRY_STORAGE_SWIFT_") && value !== value.trim())
    .map(([key]) => ({
      wrong: `${key} in secret ${userSecretName} begins or ends with white space, or with a line break`,
      answer: "it signs in with it, and Keystone does not know such a name or password",
      accepted: "the same value without it: printf %s, and not echo, into the file that --from-file names",
    }));
}
