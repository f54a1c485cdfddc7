import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudSources, resolveCa, resolveCloud, type ResolvedCloud } from "../../../cluster/cloud/cloud";

const clouds = (auth: string, more = "") => ({
  "clouds.yaml": `clouds:\n  openstack:\n    auth:\n${auth.replace(/^/gm, "      ")}\n${more.replace(/^/gm, "    ")}`,
});
const password = clouds(
  "auth_url: https://keystone.example:13000\nusername: u\npassword: pw-secret\nproject_name: p\nuser_domain_name: Default",
  "region_name: r1\ninterface: public",
);
const application = clouds(
  "auth_url: https://keystone.example/v3\napplication_credential_id: id1\napplication_credential_secret: ac-secret",
  "auth_type: v3applicationcredential",
);
const sources = (changes: Partial<CloudSources> = {}): CloudSources => ({
  cloudName: "openstack",
  installerSecret: password,
  ...changes,
});

function resolved(
  changes: Partial<CloudSources> = {},
  openstack: Record<string, string> = {},
): ResolvedCloud {
  const found = resolveCloud(sources(changes), openstack);
  if (!found.ok) {
    throw new Error(found.message);
  }
  return found;
}

function refused(changes: Partial<CloudSources>, openstack: Record<string, string> = {}) {
  const found = resolveCloud(sources(changes), openstack);
  if (found.ok) {
    throw new Error("was resolved");
  }
  return found;
}

describe("from installer-cloud-credentials", () => {
  test("a password user: domain of the user is the project's, Keystone is v3", () => {
    const cloud = resolved();
    expect(cloud.pod).toEqual({
      authUrl: "https://keystone.example:13000/v3",
      serviceName: "swift",
      auth: {
        type: "password",
        username: "u",
        userDomainName: "Default",
        projectName: "p",
        projectDomainName: "Default",
        secret: { kind: "clouds", path: "/etc/openstack/clouds.yaml", cloud: "openstack" },
      },
      region: "r1",
      caFiles: ["/etc/image-registry-migration/cloud-ca.pem", "/etc/pki/trusted-ca/ca-bundle.crt"],
    });
    expect(cloud.workstation.auth.secret).toEqual({ kind: "value", value: "pw-secret" });
    expect(cloud.provider).toEqual({
      authUrl: "https://keystone.example:13000/v3",
      userName: "u",
      password: "pw-secret",
      userDomainName: "Default",
      projectDomainName: "Default",
      tenantName: "p",
      region: "r1",
    });
    expect(cloud.patch).toEqual({});
  });

  test("regions without region_name choose none: the operator does not read them", () => {
    const auth =
      "auth_url: https://k.example\nusername: u\npassword: pw-secret\nproject_name: p\nuser_domain_name: D";
    const cloud = resolved({ installerSecret: clouds(auth, "regions: [two]") });
    expect([cloud.pod.region, cloud.provider.region]).toEqual([undefined, undefined]);
  });

  test("a project's domain by id beside the user's by name is the user's, as for the operator", () => {
    const auth =
      "auth_url: https://k.example\nusername: u\npassword: pw-secret\nproject_name: p\nuser_domain_name: Default";
    const mixed = resolved({ installerSecret: clouds(`${auth}\nproject_domain_id: d2`) });
    expect(mixed.pod.auth).toMatchObject({ userDomainName: "Default", projectDomainName: "Default" });
    expect(mixed.pod.auth).not.toHaveProperty("projectDomainId");
    expect(mixed.provider).not.toHaveProperty("projectDomainId");
    const both = `${auth}\nproject_domain_id: d2\nproject_domain_name: Default`;
    expect(resolved({ installerSecret: clouds(both) }).pod.auth).toMatchObject({ projectDomainId: "d2" });
  });

  test.each([
    ["https://k.example", "https://k.example/v3"],
    ["https://k.example:5000//", "https://k.example:5000/v3"],
    ["https://k.example/v3/", "https://k.example/v3"],
    ["https://k.example//v3", "https://k.example/v3"],
  ])("Keystone at %s is asked at %s, by the Pod and by the provider", (url, asked) => {
    const auth = `auth_url: ${url}\nusername: u\npassword: pw-secret\nproject_name: p\nuser_domain_name: Default`;
    const cloud = resolved({ installerSecret: clouds(auth) });
    expect([cloud.pod.authUrl, cloud.provider.authUrl]).toEqual([asked, asked]);
  });

  test("a Keystone without https:// or http:// before it is no URL", () => {
    const auth =
      "auth_url: k.example:5000\nusername: u\npassword: pw-secret\nproject_name: p\nuser_domain_name: D";
    expect(refused({ installerSecret: clouds(auth) }).message).toContain("begins with https:// or http://");
  });

  test("an application credential asks for no scope", () => {
    const cloud = resolved({ installerSecret: application });
    expect(cloud.pod.auth).toMatchObject({ type: "v3applicationcredential", applicationCredentialId: "id1" });
    expect(cloud.provider).toEqual({
      authUrl: "https://keystone.example/v3",
      applicationCredentialId: "id1",
      applicationCredentialSecret: "ac-secret",
    });
  });

  test("invariant 8: what the Pod is given holds no secret", () => {
    for (const installerSecret of [password, application]) {
      expect(JSON.stringify(resolved({ installerSecret }).pod)).not.toMatch(/pw-secret|ac-secret/);
    }
  });

  test("no misleading variable of this machine is looked at", () => {
    const before = resolved();
    const hostile = {
      OS_AUTH_URL: "https://evil",
      OS_USERNAME: "evil",
      OS_CLOUD: "evil",
      OS_PASSWORD: "evil",
    };
    const kept = { ...process.env };
    try {
      Object.assign(process.env, hostile);
      expect(resolved()).toEqual(before);
    } finally {
      process.env = kept;
    }
  });

  test.each([
    ["no secret at all", { installerSecret: undefined }, "absent", "cloud credential operator"],
    ["no clouds.yaml", { installerSecret: {} }, "malformed", "no key clouds.yaml"],
    ["another cloud's name", { cloudName: "other" }, "malformed", 'no cloud "other"'],
    [
      "no YAML",
      { installerSecret: { "clouds.yaml": "a: [pw-secret" } },
      "malformed",
      "not valid YAML in line 1",
    ],
    [
      "what Go's reader does not take",
      {
        installerSecret: {
          "clouds.yaml": '%YAML 1.2\n---\nclouds: {openstack: {auth: {password: "pw-secret"}}}',
        },
      },
      "malformed",
      "cannot be read as the registry's operator reads it: %YAML 1.2: only 1.1 is read",
    ],
    [
      "a password without a user",
      { installerSecret: clouds("auth_url: https://k\npassword: pw-secret\nproject_name: p") },
      "malformed",
      "no username",
    ],
    [
      "no Keystone",
      { installerSecret: clouds("username: u\npassword: pw-secret\nproject_name: p") },
      "malformed",
      "Keystone's URL",
    ],
  ])("refuses %s, without quoting a secret", (_what, changes, kind, words) => {
    const { installerSecret, ...rest } = { ...sources(), ...changes };
    const found = resolveCloud({
      ...rest,
      ...(installerSecret === undefined ? {} : { installerSecret }),
    });
    expect(found).toMatchObject({ ok: false, kind });
    expect(found.ok ? "" : found.message).toContain(words);
    expect(JSON.stringify(found)).not.toContain("pw-secret");
  });
});

describe("from image-registry-private-configuration-user, which goes first", () => {
  const userSecret = {
    REGISTRY_STORAGE_SWIFT_USERNAME: "mine",
    REGISTRY_STORAGE_SWIFT_PASSWORD: "my-secret",
  };

  test("a password: the place comes from clouds.yaml, and the patch must say it", () => {
    const cloud = resolved({ userSecret });
    expect(cloud.secretName).toBe("image-registry-private-configuration-user");
    expect(cloud.pod.auth).toMatchObject({
      username: "mine",
      projectName: "p",
      secret: { kind: "file", path: "/etc/openstack/REGISTRY_STORAGE_SWIFT_PASSWORD" },
    });
    expect(cloud.patch).toEqual({
      authURL: "https://keystone.example:13000",
      domain: "Default",
      tenant: "p",
      regionName: "r1",
    });
  });

  test("what spec.storage.swift says already goes before clouds.yaml", () => {
    const cloud = resolved({ userSecret, swift: { authURL: "https://other/v3", tenant: "t" } });
    expect(cloud.patch).toMatchObject({ authURL: "https://other/v3", tenant: "t" });
    expect(cloud.pod.authUrl).toBe("https://other/v3");
  });

  test("an application credential: the patch asks for no scope", () => {
    const cloud = resolved({
      userSecret: {
        REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALID: "id2",
        REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALNAME: "n",
        REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALSECRET: "my-secret",
      },
    });
    expect(cloud.patch).toEqual({ authURL: "https://keystone.example:13000", regionName: "r1" });
    expect(cloud.pod.auth).toMatchObject({ applicationCredentialId: "id2" });
    expect(JSON.stringify(cloud.pod)).not.toContain("projectName");
  });

  test("a token alone, or half of a login, is refused with what is wanted", () => {
    expect(refused({ userSecret: { REGISTRY_STORAGE_SWIFT_TOKENID: "t" } }).message).toContain(
      "only a token",
    );
    expect(refused({ userSecret: { REGISTRY_STORAGE_SWIFT_USERNAME: "u" } }).message).toContain(
      "holds neither",
    );
  });

  test("until 4.14 the operator wants the keys of both ways to sign in, empty or not", () => {
    const { message } = refused({ userSecret, version: "4.14.3" });
    expect(message).toContain("the operator of 4.14.3 needs all five keys");
    expect(message).toContain('-p \'{"stringData":{"REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIALID":"",');
    const whole = Object.fromEntries(
      ["ID", "NAME", "SECRET"].map((each) => [`REGISTRY_STORAGE_SWIFT_APPLICATIONCREDENTIAL${each}`, ""]),
    );
    expect(resolved({ userSecret: { ...userSecret, ...whole }, version: "4.14.3" }).ok).toBe(true);
    expect(resolved({ userSecret, version: "4.15.0" }).ok).toBe(true);
    expect(resolved({ userSecret, version: "5.0.1" }).ok).toBe(true);
  });
});

describe("openstack:* of the stack config", () => {
  test("steers this machine, never the Pod", () => {
    const cloud = resolved({}, { authUrl: "https://vpn:5000/v3", region: "r2" });
    expect(cloud.workstation).toMatchObject({ authUrl: "https://vpn:5000/v3", region: "r2" });
    expect(cloud.provider.authUrl).toBe("https://vpn:5000/v3");
    expect(cloud.pod.authUrl).toBe("https://keystone.example:13000/v3");
  });

  test("insecure is of this machine's own requests as of the provider's, and never of the Pod's", () => {
    const cloud = resolved({}, { insecure: "true" });
    expect(cloud.workstation.insecure).toBe(true);
    expect(cloud.provider.insecure).toBe(true);
    expect(cloud.pod).not.toHaveProperty("insecure");
    expect(resolved().workstation).not.toHaveProperty("insecure");
  });

  test("another login replaces the cluster's whole, keeping its project", () => {
    const cloud = resolved(
      { installerSecret: password },
      { userName: "admin", password: "admin-secret", userDomainName: "Default" },
    );
    expect(cloud.provider).toMatchObject({ userName: "admin", password: "admin-secret", tenantName: "p" });
    expect(JSON.stringify(cloud.provider)).not.toContain("pw-secret");
  });
});

describe("the CA", () => {
  const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;
  const all: CloudSources = {
    cloudName: "",
    installerSecret: { ...password, cacert: pem("1") },
    providerCa: pem("2"),
    trustedCa: pem("3"),
  };

  test("is cacert, else the cloud provider's, else trusted-ca, else the system's", () => {
    expect(resolveCa(all)).toEqual({ source: "cacert", pem: pem("1") });
    expect(resolveCa({ ...all, installerSecret: password })).toEqual({
      source: "cloud-provider-config",
      pem: pem("2"),
    });
    const { providerCa: _, ...noProvider } = { ...all, installerSecret: password };
    expect(resolveCa(noProvider).source).toBe("trusted-ca");
    expect(resolveCa({ cloudName: "" }).source).toBe("system");
  });

  test("one that the stack config names, by content or by path, is trusted by this machine", () => {
    const folder = mkdtempSync(join(tmpdir(), "cloud-"));
    try {
      const path = join(folder, "ca.pem");
      writeFileSync(path, pem("own"));
      expect(resolved({}, { cacertFile: path }).workstationCa).toEqual([pem("own")]);
      expect(resolved({}, { cacertFile: pem("own") }).workstationCa).toEqual([pem("own")]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("this machine trusts the cluster's extra CAs too", () => {
    expect(resolved(all).workstationCa).toEqual([pem("1"), pem("3")]);
  });

  test("where they are the cloud's CA as well, they are given once", () => {
    const cloud = resolved({ trustedCa: pem("3") });
    expect(cloud.workstationCa).toEqual([pem("3")]);
    expect(cloud.provider.cacertFile).toBe(pem("3"));
  });
});
