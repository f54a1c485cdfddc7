/** A cloud that tests may use: where Keystone is, who may sign in, and the account they get. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { fieldsOf, findCloud } from "../../../swift/cloud-fields";
import type { CloudSettings } from "../../../swift/settings";
import { readRecord } from "../../lab/record";
import { Account, byPassword } from "../../lab/swift/account";
import { defaults } from "../../lab/settings";
import { identity } from "../swift-standin/keystone";
import type { SwiftStandin } from "../swift-standin/server";

export interface TestCloud {
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly projectName: string;
  readonly ca?: string;
}

/** The stand-in as a cloud. */
export const standinCloud = (standin: SwiftStandin): TestCloud => ({
  authUrl: standin.authUrl,
  username: identity.user.name,
  password: identity.user.password,
  projectName: identity.project.name,
});

/**
 * The lab's Keystone and Swift: TEST_SWIFT_CLOUDS names a clouds.yaml (first cloud, by password), else the lab's own
 * if it is up. A string says why there is none.
 */
export function realCloud(): TestCloud | string {
  const file = process.env["TEST_SWIFT_CLOUDS"] ?? labClouds();
  if (file === undefined || !existsSync(file))
    return "no real Swift: TEST_SWIFT_CLOUDS names no clouds.yaml and the lab is not up (npm run lab -- up)";
  const text = readFileSync(file, "utf8");
  const [name] = Object.keys((parse(text) as { clouds: object }).clouds);
  const first = findCloud(text, name ?? "");
  if (!first.found) return `no real Swift: ${file} has no cloud`;
  const { auth_url = "", username = "", password = "", project_name = "" } = fieldsOf(first.entry);
  const { cacert } = first.entry;
  return {
    authUrl: auth_url,
    username,
    password,
    projectName: project_name,
    ...(typeof cacert === "string" ? { ca: readFileSync(cacert, "utf8") } : {}),
  };
}

const labClouds = () => readRecord(process.env["LAB_DIR"] ?? defaults.dir)?.swift?.cloudsYaml;

/** The mover's settings for that cloud; the password's file is the caller's to write. */
export function cloudSettings(
  cloud: TestCloud,
  passwordFile: string,
  authUrl = cloud.authUrl,
): CloudSettings {
  return {
    authUrl,
    auth: {
      type: "password",
      username: cloud.username,
      userDomainName: "Default",
      projectName: cloud.projectName,
      projectDomainName: "Default",
      secret: { kind: "file", path: passwordFile },
    },
    region: identity.region,
  };
}

/** The account of that cloud's user. */
export function accountOf({ authUrl, username, password, projectName, ca }: TestCloud): Account {
  const domain = { name: "Default" };
  return new Account({
    authUrl,
    identity: byPassword(username, password, domain),
    scope: { project: { name: projectName, domain } },
    ca,
  });
}
