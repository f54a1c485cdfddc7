import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { defaultImage, keys, parseSettings, showProblems } from "../../config/config";

const stack = "organization/image-registry-swift/dev";

function read(config: Readonly<Record<string, string>>, others: Readonly<Record<string, string>> = {}) {
  const own = Object.entries(config).map(([key, value]) => [`image-registry-swift:${key}`, value]);
  return parseSettings({ ...(Object.fromEntries(own) as Record<string, string>), ...others }, stack);
}

function problems(config: Readonly<Record<string, string>>): string {
  const parsed = read(config);
  return parsed.ok ? "" : showProblems(parsed.problems, "dev");
}

const project = parse(readFileSync(join(__dirname, "../../Pulumi.yaml"), "utf8")) as {
  config: Record<string, { type: string; description: string; default: string | number | boolean | object }>;
};

test("Pods of a Job have no right to anyuid", () => {
  expect(problems({ state: "migrate", scc: "anyuid", shards: "2" })).toMatch(
    /scc is anyuid with shards 2; accepted: restricted-v2 with more than one shard/,
  );
  expect(problems({ state: "migrate", scc: "anyuid" })).toBe("");
});

describe("Pulumi.yaml", () => {
  test("declares every key that the program knows, and no other, each with a type, a description and a default", () => {
    expect(Object.keys(project.config)).toEqual([...keys]);
    for (const [key, declared] of Object.entries(project.config)) {
      expect([key, declared]).toEqual([
        key,
        {
          type: expect.any(String),
          description: expect.stringMatching(/\.$/),
          default: expect.anything(),
          // Pulumi refuses an array without it.
          ...(declared.type === "array" ? { items: { type: "object" } } : {}),
        },
      ]);
    }
  });

  test("its defaults are those of the program", () => {
    const declared = Object.entries(project.config)
      .filter(([key]) => key !== "state")
      .map(([key, { default: value }]) => [
        key,
        typeof value === "object" ? JSON.stringify(value) : String(value),
      ]);
    for (const state of ["migrate", "switch", "abort"]) {
      const all = { ...(Object.fromEntries(declared) as Record<string, string>), state };
      expect(read(all)).toEqual(read({ state }));
    }
  });
});

describe("settings", () => {
  test("migrate, by default sealed, and with nothing that could lose something", () => {
    expect(read({ state: "migrate" })).toEqual({
      ok: true,
      settings: {
        stack,
        state: "migrate",
        readOnly: true,
        rehearse: 20,
        pass: "1",
        wait: true,
        shards: 1,
        allowDelete: false,
        seal: "rolling",
        scc: "restricted-v2",
        migratorImage: defaultImage,
        transfers: 32,
        resources: { requests: { cpu: "500m", memory: "256Mi" }, limits: { memory: "1Gi" } },
        verify: "size",
        corruptBlobs: "fail",
        metrics: false,
        rolloutTimeout: 900,
        copyDeadline: 0,
        startTimeout: 7200,
        report: true,
        kubernetes: {},
        openstack: {},
      },
    });
  });

  test("nodeSelector and tolerations are read as Kubernetes has them; what is wrong is told by its place", () => {
    const tolerations = [{ key: "node-role.kubernetes.io/infra", operator: "Exists", effect: "NoExecute" }];
    const nodeSelector = { "node-role.kubernetes.io/infra": "" };
    expect(
      read({
        state: "migrate",
        nodeSelector: JSON.stringify(nodeSelector),
        tolerations: JSON.stringify(tolerations),
      }),
    ).toMatchObject({ ok: true, settings: { nodeSelector, tolerations } });
    const wrong = problems({
      state: "migrate",
      nodeSelector: '{"a":1}',
      tolerations: '[{"effect":"Never"},{"taint":"x"},"y"]',
    });
    expect(wrong).toMatch(/nodeSelector is .*an object of labels/);
    expect(wrong).toMatch(
      /tolerations\[0\]\.effect is "Never"; accepted: NoSchedule, PreferNoSchedule, NoExecute/,
    );
    expect(wrong).toMatch(/tolerations\[1\]\.taint is not known; accepted: key, operator, value, effect/);
    expect(wrong).toMatch(/tolerations\[2\] is no object/);
    for (const text of ["infra", "[]", "{}x"])
      expect(problems({ state: "migrate", nodeSelector: text })).toContain("nodeSelector is");
    expect(problems({ state: "migrate", tolerations: "{}" })).toContain("tolerations is");
  });

  test("each state has its own settings only", () => {
    const all = { acceptLoss: "true", copyBack: "false", pullCheck: "5", replicas: "3", readOnly: "false" };
    const settings = ["migrate", "switch", "abort"].map((state) => {
      const parsed = read({ ...all, state });
      return parsed.ok ? parsed.settings : undefined;
    });
    expect(settings[0]).toMatchObject({ readOnly: false });
    expect(settings[0]).not.toHaveProperty("acceptLoss");
    expect(settings[1]).toMatchObject({ pullCheck: 5, replicas: 3, releaseVolumeClaim: false });
    expect(settings[1]).not.toHaveProperty("readOnly");
    expect(settings[2]).toMatchObject({ copyBack: false, acceptLoss: true });
    expect(settings[2]).not.toHaveProperty("replicas");
  });

  test("the way to the cluster and to the cloud", () => {
    const others = {
      "kubernetes:kubeconfig": "/k",
      "kubernetes:context": "c",
      "openstack:authUrl": "https://k/v3",
      "openstack:password": "p",
    };
    expect(read({ state: "abort" }, others)).toMatchObject({
      settings: {
        kubernetes: { kubeconfig: "/k", context: "c" },
        openstack: { authUrl: "https://k/v3", password: "p" },
      },
    });
  });

  test.each([
    ["90s", 90],
    ["2h", 7200],
    ["24h", 86_400],
  ])("rolloutTimeout %s", (text, seconds) => {
    expect(read({ state: "abort", rolloutTimeout: text })).toMatchObject({
      settings: { rolloutTimeout: seconds },
    });
  });

  test("empty means not set", () => {
    const empty = Object.fromEntries(keys.filter((key) => key !== "state").map((key) => [key, ""]));
    expect(read({ ...empty, state: "switch" })).toEqual(read({ state: "switch" }));
  });
});

describe("problems: key, value, what is accepted, next command", () => {
  test.each([
    [{}, /state is not set; accepted: migrate, switch, abort; next: pulumi config set state/],
    [
      { state: "migrat" },
      /state is "migrat"; accepted: migrate, switch, abort; next: pulumi config set state migrate/,
    ],
    [{ state: "Abort" }, /state is "Abort".*config set state abort/],
    [{ state: "purge" }, /state is "purge"; accepted: migrate, switch, abort$/m],
    [
      { state: "abort", readonly: "false" },
      /readonly is not a key of this program \(readOnly is\).*config rm readonly/,
    ],
    [
      { state: "abort", releaseVolumeClaims: "true" },
      /releaseVolumeClaims is not a key .*\(releaseVolumeClaim is\)/,
    ],
    [{ state: "abort", colour: "red" }, /colour is not a key of this program; accepted: state, readOnly/],
    [{ state: "migrate", readOnly: "no" }, /readOnly is "no"; accepted: true, false/],
    [{ state: "switch", replicas: "11" }, /replicas is "11"; accepted: a whole number from 0 to 10/],
    [{ state: "switch", replicas: "1.5" }, /replicas is "1.5"/],
    [{ state: "switch", replicas: "-1" }, /replicas is "-1"/],
    [{ state: "migrate", transfers: "0" }, /transfers is "0"; accepted: a whole number from 1 to 256/],
    [
      { state: "migrate", rolloutTimeout: "900" },
      /rolloutTimeout is "900"; accepted: a number with s, m or h, 10s to 24h/,
    ],
    [{ state: "migrate", rolloutTimeout: "5s" }, /rolloutTimeout is "5s"/],
    [{ state: "migrate", copyDeadline: "1s" }, /copyDeadline is "1s"/],
    [
      { state: "migrate", seal: "roling" },
      /seal is "roling"; accepted: rolling, recreate; next: .* seal rolling/,
    ],
    [{ state: "migrate", scc: "privileged" }, /scc is "privileged"; accepted: restricted-v2, anyuid/],
    [{ state: "migrate", container: "a/b" }, /container is "a\/b"; accepted: a container's name/],
    [{ state: "migrate", container: ".." }, /container is ".."/],
    [{ state: "migrate", claim: "My_Claim" }, /claim is "My_Claim"; accepted: a claim's name/],
    [{ state: "migrate", migratorImage: "a b" }, /migratorImage is "a b"/],
    [{ state: "migrate", pass: "a b" }, /pass is "a b"/],
    [{ state: "migrate", takeOver: "prod" }, /takeOver is "prod"; accepted: organization\/project\/stack/],
    [{ state: "migrate", resources: "{" }, /resources is "\{"; accepted: an object such as/],
    [
      { state: "migrate", resources: '{"request":{}}' },
      /resources.request is not known; accepted: requests, limits/,
    ],
    [{ state: "migrate", resources: '{"limits":{"memory":"1GB"}}' }, /resources.limits.memory is "1GB"/],
    [{ state: "migrate", resources: '{"limits":{"gpu":"1"}}' }, /resources.limits.gpu is not known/],
    [
      { state: "migrate", resources: '{"requests":{"memory":"2Gi"},"limits":{"memory":"1.5G"}}' },
      /resources.requests.memory is "2Gi", more than resources.limits.memory; accepted: at most 1.5G/,
    ],
    [{ state: "migrate", releaseVolumeClaim: "true" }, /releaseVolumeClaim is true in state migrate/],
    [{ state: "switch", releaseVolumeClaim: "true", pullCheck: "0" }, /pullCheck is 0; accepted: 1 to 1000/],
    [{ state: "abort", seal: "x".repeat(500) }, /seal is "x{60}\.\.\."/],
  ])("%o", (config, message) => {
    expect(problems(config as Record<string, string>)).toMatch(message);
  });

  const resources = (text: string) => {
    const parsed = parseSettings(
      { "image-registry-swift:state": "migrate", "image-registry-swift:resources": text },
      "o/p/s",
    );
    return parsed.ok ? parsed.settings.resources : parsed.problems;
  };

  test("a part of resources that is not set keeps its default", () => {
    expect(resources('{"limits":{"memory":"2Gi"}}')).toEqual({
      requests: { cpu: "500m", memory: "256Mi" },
      limits: { memory: "2Gi" },
    });
    expect(resources('{"requests":{"cpu":"1"},"limits":{}}')).toEqual({ requests: { cpu: "1" }, limits: {} });
    expect(resources('{"requests":{"cpu":"500m"},"limits":{"cpu":"0.5"}}')).toEqual({
      requests: { cpu: "500m" },
      limits: { cpu: "0.5" },
    });
  });

  test("a default of resources gives way to what is set: no Pod may request more than its limit", () => {
    expect(resources('{"limits":{"memory":"32Mi","cpu":"250m"}}')).toEqual({
      requests: { cpu: "250m", memory: "32Mi" },
      limits: { memory: "32Mi", cpu: "250m" },
    });
    expect(resources('{"requests":{"memory":"2Gi"}}')).toEqual({
      requests: { memory: "2Gi" },
      limits: { memory: "2Gi" },
    });
  });

  test("all of them together", () => {
    expect(problems({ state: "migrat", readOnly: "no", replica: "2" })).toMatchInlineSnapshot(`
"The configuration of stack dev has 3 problems:
  replica is not a key of this program (replicas is); accepted: replicas; next: pulumi config rm replica
  state is "migrat"; accepted: migrate, switch, abort; next: pulumi config set state migrate
  readOnly is "no"; accepted: true, false"
`);
  });
});
