import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseCommand } from "../../migrator/cli";
import { findCloudSettings, type CloudChoice, type Surroundings } from "../../migrator/cloud-files";
import { MoverError } from "../../migrator/errors";
import { readSecret } from "../../swift/secret";

const root = mkdtempSync(join(tmpdir(), "clouds-"));
afterAll(() => rmSync(root, { recursive: true }));

let around: Surroundings & { env: Record<string, string> };
let places: { readonly here: string; readonly home: string; readonly site: string };
let number = 0;
beforeEach(() => {
  const base = join(root, String((number += 1)));
  around = { env: {}, folder: join(base, "here"), home: join(base, "home"), site: join(base, "etc") };
  places = { here: around.folder, home: join(around.home, ".config/openstack"), site: around.site };
});

const entry = (project: string, auth: object = {}, rest: object = {}) => ({
  auth: { auth_url: "https://k/v3", username: "u", password: "in clouds", project_name: project, ...auth },
  ...rest,
});
function write(path: string, clouds: object): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ clouds }));
  return path;
}
/** The project of the cloud that is found tells which file and entry it came from. */
function project(choice: CloudChoice = {}): string | undefined {
  const { auth } = findCloudSettings(choice, around);
  return auth.type === "password" ? auth.projectName : undefined;
}
function refusal(choice: CloudChoice = {}): string {
  try {
    findCloudSettings(choice, around);
  } catch (error) {
    if (error instanceof MoverError && error.failure === "usage") return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("the folder comes before the user's files, these before the machine's, a variable before all, an option first", () => {
  write(join(places.site, "clouds.yaml"), { c: entry("site") });
  expect(project()).toBe("site");
  write(join(places.home, "clouds.yml"), { c: entry("home") });
  expect(project()).toBe("home");
  write(join(places.here, "clouds.yaml"), { c: entry("here") });
  expect(project()).toBe("here");
  around.env["OS_CLIENT_CONFIG_FILE"] = write(join(root, `${number}-named`), { c: entry("variable") });
  expect(project()).toBe("variable");
  expect(project({ file: join(places.home, "clouds.yml") })).toBe("home");
});

test("XDG_CONFIG_HOME stands for ~/.config", () => {
  around.env["XDG_CONFIG_HOME"] = join(root, "xdg");
  write(join(root, "xdg/openstack/clouds.yaml"), { c: entry("xdg") });
  expect(project()).toBe("xdg");
});

test("--cloud comes before OS_CLOUD, and the only cloud needs no name", () => {
  const path = write(join(places.here, "clouds.yaml"), { a: entry("a"), b: entry("b") });
  expect(refusal()).toBe(`which cloud? ${path} has a, b; name one with --cloud or OS_CLOUD`);
  around.env["OS_CLOUD"] = "b";
  expect(project()).toBe("b");
  expect(project({ cloud: "a" })).toBe("a");
  expect(refusal({ cloud: "z" })).toBe(`${path}: clouds.yaml has no cloud "z"; it has: a, b`);
  around.env["OS_CLOUD"] = "";
  write(path, { only: entry("only") });
  expect(project()).toBe("only");
});

test("a file that other clients read, and Go's reader does not, has its secret too", () => {
  const { auth } = entry("json");
  const password = String.raw`pa\/ss`;
  const text = JSON.stringify({ clouds: { c: { auth } } }).replaceAll("/", String.raw`\/`);
  write(join(places.here, "clouds.json"), {});
  writeFileSync(
    join(places.here, "clouds.json"),
    text.replace(/"password":"[^"]*"/, `"password":"${password}"`),
  );
  expect(readSecret(findCloudSettings({}, around).auth.secret)).toBe("pa/ss");
});

describe("secure.yaml", () => {
  test("is merged field by field, and its secret stays in it", () => {
    const clouds = write(join(places.site, "clouds.yaml"), { a: entry("a"), b: entry("b") });
    const secure = write(join(places.here, "secure.yaml"), { b: { auth: { password: "in secure" } } });
    const secretOf = (cloud: string) => findCloudSettings({ cloud }, around).auth.secret;
    expect(secretOf("b")).toEqual({ kind: "clouds", path: secure, cloud: "b" });
    expect(readSecret(secretOf("b"))).toBe("in secure");
    expect(secretOf("a")).toEqual({ kind: "clouds", path: clouds, cloud: "a" });
    expect(project({ cloud: "b" })).toBe("b");
    around.env["OS_CLIENT_SECURE_FILE"] = write(join(root, `${number}-secure`), {
      a: { auth: { password: "x" } },
    });
    expect(readSecret(secretOf("a"))).toBe("x");
    expect(readSecret(secretOf("b"))).toBe("in clouds");
  });

  test("may hold the whole secret half of a cloud, of an application credential too", () => {
    write(join(places.here, "clouds.yaml"), {
      c: {
        auth_type: "v3applicationcredential",
        auth: { auth_url: "https://k/v3", application_credential_id: "i" },
      },
    });
    expect(refusal()).toMatch(/clouds\.yaml: cloud "c": auth\.application_credential_secret is missing/);
    write(join(places.here, "secure.yaml"), { c: { auth: { application_credential_secret: "s" } } });
    const { auth } = findCloudSettings({}, around);
    expect(auth).toMatchObject({ type: "v3applicationcredential", applicationCredentialId: "i" });
    expect(readSecret(auth.secret)).toBe("s");
  });

  test("a password there does not take the place of an application credential's secret", () => {
    write(join(places.here, "clouds.yaml"), {
      c: entry("p", { application_credential_id: "i", application_credential_secret: "s" }),
    });
    write(join(places.here, "secure.yaml"), { c: { auth: { password: "another" } } });
    expect(readSecret(findCloudSettings({}, around).auth.secret)).toBe("s");
  });
});

test("the CA's path is beside clouds.yaml, or below ~", () => {
  const caOf = (cacert: string) => {
    write(join(places.site, "clouds.yaml"), { c: entry("c", {}, { cacert }) });
    return findCloudSettings({}, around).caFiles;
  };
  expect(caOf("ca.pem")).toEqual([join(places.site, "ca.pem")]);
  expect(caOf("~/ca.pem")).toEqual([join(around.home, "ca.pem")]);
  expect(caOf("/ca.pem")).toEqual(["/ca.pem"]);
});

describe("what is wrong is told with the places", () => {
  test("no file: all folders, and how to name one", () => {
    expect(refusal()).toBe(
      `no clouds.yaml (nor .yml, .json) in ${places.here}, ${places.home}, ${places.site}; name one with --os-client-config or OS_CLIENT_CONFIG_FILE`,
    );
    around.env["OS_AUTH_URL"] = "https://k/v3";
    expect(refusal()).toContain("openrc file are not read");
  });

  test("a file that was named must be there: no other one is taken in its place", () => {
    write(join(places.here, "clouds.yaml"), { c: entry("here") });
    around.env["OS_CLIENT_CONFIG_FILE"] = "/nonexistent.yaml";
    expect(refusal()).toMatch(
      /^cannot read \/nonexistent\.yaml, which OS_CLIENT_CONFIG_FILE names: .*ENOENT/,
    );
    const gone = join(places.here, "gone.yaml");
    expect(refusal({ file: "gone.yaml" })).toContain(`cannot read ${gone}, which --os-client-config names: `);
    around.env = { OS_CLIENT_SECURE_FILE: root };
    expect(refusal()).toContain(`cannot read ${root}, which OS_CLIENT_SECURE_FILE names: `);
  });

  test("broken YAML and an empty file by their paths, and never a line of them", () => {
    const path = write(join(places.here, "clouds.yaml"), {});
    expect(refusal()).toBe(`${path}: there is no cloud in it`);
    writeFileSync(path, "clouds: {c: {auth: {password: hunter2, ");
    expect(refusal()).toBe(`${path} is not valid YAML`);
  });
});

test("a cloud that leans on a profile is told to be written out", () => {
  write(join(places.here, "clouds.yaml"), { c: { profile: "somewhere", auth: { username: "u" } } });
  expect(refusal()).toContain("auth.auth_url is missing; a profile is not read");
});

test("the command line goes that way, and needs no --cloud", () => {
  write(join(places.here, "clouds.yaml"), { c: entry("here") });
  expect(parseCommand(["--from", "/v", "--container", "r"], () => around)).toMatchObject({
    kind: "run",
    settings: { mode: "copy", root: "/v", container: "r", cloud: { auth: { projectName: "here" } } },
  });
  expect(() => parseCommand([], () => around)).toThrow(/missing: --from, --container/);
});
