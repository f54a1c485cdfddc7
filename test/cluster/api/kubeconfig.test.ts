import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { readKubeconfig } from "../../../cluster/api/kubeconfig";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const config = (name: string, server: string, current = "", user = "{token: t}") => `
clusters: [{name: ${name}, cluster: {server: "${server}"}}]
users: [{name: ${name}, user: ${user}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}}}]
current-context: "${current}"
`;
const server = (env: string[], context?: string) =>
  readKubeconfig({ context }, { KUBECONFIG: env.join(delimiter) }).cluster["server"];

describe("KUBECONFIG with several files, as oc reads it", () => {
  test("the first file with a current context decides, also over later ones", () => {
    const none = file("a", config("a", "https://a"));
    const first = file("b", config("b", "https://b", "b"));
    const second = file("c", config("c", "https://c", "c"));
    expect(server([none, first, second])).toBe("https://b");
  });

  test("a file that does not exist is skipped", () => {
    const there = file("b", config("b", "https://b", "b"));
    expect(server([join(folder, "gone"), there])).toBe("https://b");
  });

  test("none that exists is an error that names them, and the next command", () => {
    expect(() => server([join(folder, "x"), join(folder, "y")])).toThrow(
      /KUBECONFIG names .*x, .*y.*oc login/,
    );
  });

  test("the first definition of a name counts", () => {
    const first = file("a", config("same", "https://first", "same"));
    const second = file("b", config("same", "https://second", "same"));
    expect(server([first, second])).toBe("https://first");
  });

  test("the current context of one file may be defined in another", () => {
    const names = file("a", 'current-context: "b"\n');
    const defines = file("b", config("b", "https://b", ""));
    expect(server([names, defines])).toBe("https://b");
  });

  test("kubernetes:context chooses among all files, and a missing one is told with those there are", () => {
    const a = file("a", config("a", "https://a", "a"));
    const b = file("b", config("b", "https://b", "b"));
    expect(server([a, b], "b")).toBe("https://b");
    expect(() => server([a, b], "nope")).toThrow(/"nope".*it has: b, a|"nope".*it has: a, b/);
  });
});

test("paths are relative to the file that has them", () => {
  const path = file(
    "deep/config",
    `
clusters: [{name: c, cluster: {server: "https://c", certificate-authority: ca.crt}}]
users: [{name: u, user: {client-certificate: u.crt, client-key: /abs/u.key, tokenFile: tok, exec: {command: ./login, apiVersion: client.authentication.k8s.io/v1}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
  );
  const { cluster, user, content } = readKubeconfig({ kubeconfig: path }, {});
  expect(cluster["certificate-authority"]).toBe(join(folder, "deep/ca.crt"));
  expect(user).toMatchObject({
    "client-certificate": join(folder, "deep/u.crt"),
    "client-key": "/abs/u.key",
    tokenFile: join(folder, "deep/tok"),
    exec: { command: join(folder, "deep/login") },
  });
  const text = parse(content) as { clusters: { cluster: unknown }[]; users: { user: unknown }[] };
  expect(text.clusters[0]?.cluster).toEqual(cluster);
  expect(text.users[0]?.user).toEqual(user);
});

test("the provider's text holds the one cluster and user only, and does not change with a context's name", () => {
  const two = file(
    "a",
    `
clusters: [{name: mine, cluster: {server: "https://mine"}}, {name: other, cluster: {server: "https://other"}}]
users: [{name: me, user: {token: t1}}, {name: else, user: {token: t2}}]
contexts: [{name: one, context: {cluster: mine, user: me}}, {name: two, context: {cluster: mine, user: me}}]
current-context: one
`,
  );
  const one = readKubeconfig({ kubeconfig: two }, {}).content;
  expect(one).not.toContain("other");
  expect(one).not.toContain("t2");
  expect(readKubeconfig({ kubeconfig: two, context: "two" }, {}).content).toBe(one);
});

test("content in the stack's config, and what is no kubeconfig, without quoting it", () => {
  expect(readKubeconfig({ kubeconfig: config("a", "https://a", "a") }, {}).cluster["server"]).toBe(
    "https://a",
  );
  const broken = file("broken", "users: [secret-token");
  expect(() => readKubeconfig({ kubeconfig: broken }, {})).toThrow(
    /kubeconfig ".*broken" is not valid YAML$/,
  );
  const list = file("list", "- secret-token");
  expect(() => readKubeconfig({ kubeconfig: list }, {})).toThrow(/holds no mapping$/);
});

test("a path that does not exist names the setting and the next command", () => {
  expect(() => readKubeconfig({ kubeconfig: "/nowhere/config" }, {})).toThrow(
    /kubernetes:kubeconfig names "\/nowhere\/config", which does not exist.*pulumi config set kubernetes:kubeconfig/,
  );
});

describe("a kubeconfig that is not complete names what is missing, and the next command", () => {
  const given = (text: string, context?: string) => () => readKubeconfig({ kubeconfig: text, context }, {});
  const next = /pulumi config set kubernetes:(context|kubeconfig) </;

  test.each([
    [
      "the current context",
      "current-context: gone\ncontexts: [{name: there, context: {}}]\n",
      /current-context.*"gone".*it has: there/,
    ],
    [
      "the context's cluster",
      "current-context: x\ncontexts: [{name: x, context: {cluster: gone}}]\nclusters: [{name: c, cluster: {}}]\n",
      /context "x".*cluster "gone".*it has: c/,
    ],
    [
      "the context's user",
      "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: gone}}]\nclusters: [{name: c, cluster: {server: 'https://c'}}]\n",
      /context "x".*user "gone".*it has: none/,
    ],
  ])("%s", (_, text, wrong) => {
    expect(given(text)).toThrow(wrong);
    expect(given(text)).toThrow(next);
  });

  test.each([
    ["no server", "", /server of context "x" .* is "";/],
    ["what is no address", 'server: "https://"', /server of context "x" .* is "https:\/\/";/],
    ["another scheme", 'server: "ftp://c"', /server of context "x" .* is "ftp:\/\/c";/],
    [
      "a proxy without a scheme",
      'server: "https://c", proxy-url: "u:pw-secret@proxy:3128"',
      /proxy-url of context "x" .* is "\.\.\.@proxy:3128"; .*socks5/,
    ],
  ])("%s", (_, cluster, wrong) => {
    const text = `current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {${cluster}}}]\n`;
    expect(given(text)).toThrow(wrong);
    expect(given(text)).toThrow(next);
    expect(given(text)).not.toThrow("pw-secret");
  });

  test("a folder in a file's place", () => {
    expect(() => readKubeconfig({ kubeconfig: folder }, {})).toThrow(
      /kubeconfig ".*" cannot be read: EISDIR/,
    );
    expect(() => readKubeconfig({}, { KUBECONFIG: folder })).toThrow(next);
  });

  test("without a current context nothing is refused here: each call says so", () => {
    expect(readKubeconfig({ kubeconfig: "clusters: []\nusers: []\n" }, {})).toMatchObject({
      context: "",
      cluster: {},
    });
  });
});

test.each([
  ["c.example:6443", "", "http://c.example:6443"],
  ["c.example:6443", ", certificate-authority-data: eA==", "https://c.example:6443"],
  ["c.example:6443", ", insecure-skip-tls-verify: true", "https://c.example:6443"],
  ["https://c.example", "", "https://c.example"],
])("server %s%s is %s, as it is to oc", (given, more, read) => {
  const text = `
clusters: [{name: c, cluster: {server: "${given}"${more}}}]
contexts: [{name: x, context: {cluster: c}}]
current-context: x
`;
  expect(readKubeconfig({ kubeconfig: text }, {}).cluster["server"]).toBe(read);
});

test("content counts before a file of the same purpose, for the program and for the provider", () => {
  const { cluster, user, content } = readKubeconfig(
    {
      kubeconfig: `
clusters: [{name: c, cluster: {server: "https://c", certificate-authority: old.crt, certificate-authority-data: bmV3}}]
users: [{name: u, user: {client-certificate: old.crt, client-certificate-data: bmV3, client-key: only.key}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`,
    },
    {},
  );
  expect(cluster).toEqual({ server: "https://c", "certificate-authority-data": "bmV3" });
  expect(user).toEqual({
    "client-certificate-data": "bmV3",
    "client-key": join(process.cwd(), "only.key"),
  });
  expect(content).not.toContain("old.crt");
});
