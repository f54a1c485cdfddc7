import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Api, type KubeObject } from "./kube/api";
import { waitFor } from "./kube/cluster";
import { registryNamespace, registryUid } from "./kube/objects";
import { freePort } from "./net/free-port";
import { readRecord } from "./record";
import { run } from "./run";
import { defaults } from "./settings";

/** The lab's own promises to its suites: what a Pod of the registry's namespace can do. */
const dir = process.env["LAB_DIR"] ?? defaults.dir;
const cluster = readRecord(dir)?.kubernetes;
if (cluster === undefined)
  console.warn(`skipped: there is no cluster in ${dir}; \`npm run lab -- up\` makes one`);

(cluster === undefined ? describe.skip : describe)("a Pod in the lab", () => {
  const name = `lab-test-${process.pid}`;
  const marker = `.${name}`;
  const api = new Api(cluster?.kubeconfig ?? "");
  let pod: KubeObject | undefined;

  beforeAll(async () => {
    await api.createIfMissing(probe(name, marker, cluster?.images["node"] ?? "", cluster?.claim ?? ""));
    await waitFor("test", `Pod ${name} has ended`, 90, async () => {
      pod = await api.get("v1", "Pod", name, registryNamespace);
      return ["Succeeded", "Failed"].includes(phaseOf(pod));
    });
  }, 120_000);

  afterAll(async () => {
    await api.delete("v1", "Pod", name, registryNamespace);
    await run("rm", ["-f", join(cluster?.volume ?? "/nowhere", marker)]);
  });

  it("runs to its end, and its log can be read", async () => {
    const log = await api.call("GET", `/api/v1/namespaces/${registryNamespace}/pods/${name}/log`);
    expect([phaseOf(pod), log]).toEqual(["Succeeded", expect.stringContaining("probe done")]);
  });

  it("writes to the claim's volume as the group that fsGroup names", () => {
    const file = join(cluster?.volume ?? "", marker);
    expect(existsSync(file)).toBe(true);
    expect({ uid: statSync(file).uid, gid: statSync(file).gid }).toEqual({
      uid: registryUid,
      gid: registryUid,
    });
  });

  it("reaches the registry's Service by its name, Keystone, Swift, and nothing outside", async () => {
    const log = String(await api.call("GET", `/api/v1/namespaces/${registryNamespace}/pods/${name}/log`));
    expect(log).toContain("registry 200");
    expect(log).toMatch(/keystone [23]00/);
    expect(log).toContain("swift 200");
    expect(log).toContain("outside ENOTFOUND");
  });
});

(cluster === undefined ? describe.skip : describe)("a Service in the lab", () => {
  const name = `lab-test-service-${process.pid}`;
  const api = new Api(cluster?.kubeconfig ?? "");
  const { hostname, port } = new URL(cluster?.server ?? "https://127.0.0.1:1");

  afterAll(async () => {
    await api.delete("discovery.k8s.io/v1", "EndpointSlice", name, registryNamespace);
    await api.delete("v1", "Service", name, registryNamespace);
  });

  it("refuses while it has no endpoint, and leads there afterwards, from the same port of its client too", async () => {
    await api.createIfMissing({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: registryNamespace },
      spec: { ports: [{ name: "api", port: Number(port) }] },
    });
    const service = await api.get("v1", "Service", name, registryNamespace);
    if (service === undefined) throw new Error(`Service ${name} is not there`);
    const address = (service["spec"] as { clusterIP: string }).clusterIP;
    const from = await freePort();
    expect(await reach(address, Number(port), from)).toBe("ECONNREFUSED");
    await api.createIfMissing({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name,
        namespace: registryNamespace,
        labels: { "kubernetes.io/service-name": name },
      },
      addressType: "IPv4",
      ports: [{ name: "api", port: Number(port), protocol: "TCP" }],
      endpoints: [{ addresses: [hostname], conditions: { ready: true } }],
    });
    await waitFor(
      "test",
      `Service ${name} leads somewhere`,
      30,
      async () => (await reach(address, Number(port))) === "connected",
    );
    expect(await reach(address, Number(port), from)).toBe("connected");
  }, 60_000);
});

/** Connects and ends: `connected`, or the error's code. */
function reach(host: string, port: number, from?: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(from === undefined ? {} : { localPort: from }) });
    socket.once("connect", () => {
      socket.resetAndDestroy();
      resolve("connected");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function phaseOf(pod: KubeObject | undefined): string {
  return (pod?.["status"] as { phase?: string } | undefined)?.phase ?? "";
}

function probe(name: string, marker: string, image: string, claim: string): KubeObject {
  const swift = readRecord(dir)?.swift;
  const script = `
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    require("fs").writeFileSync("/registry/${marker}", "here");
    const look = async (what, url) => {
      try { console.log(what, (await fetch(url)).status); }
      catch (error) { console.log(what, error.cause?.code ?? error.message); }
    };
    (async () => {
      await look("registry", "https://image-registry.openshift-image-registry.svc:5000/healthz");
      await look("keystone", ${JSON.stringify(swift?.keystone)});
      await look("swift", ${JSON.stringify(swift?.proxy)} + "/healthcheck");
      await look("outside", "https://registry.example.com/");
      console.log("probe done");
    })();`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: registryNamespace },
    spec: {
      restartPolicy: "Never",
      securityContext: {
        runAsUser: registryUid,
        fsGroup: registryUid,
        fsGroupChangePolicy: "OnRootMismatch",
      },
      containers: [
        {
          name: "probe",
          image,
          command: ["node", "-e", script],
          volumeMounts: [{ name: "registry", mountPath: "/registry" }],
        },
      ],
      volumes: [{ name: "registry", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}
