import { answer } from "./dns";
import { nameLookup, servicePorts, type EndpointSlice, type Service } from "./endpoints";
import { chains, serviceRules } from "./rules";

const registry: Service = {
  metadata: { name: "image-registry", namespace: "openshift-image-registry" },
  spec: { clusterIP: "10.88.130.5", ports: [{ name: "5000-tcp", port: 5000, protocol: "TCP" }] },
};
const headless: Service = {
  metadata: { name: "peers", namespace: "default" },
  spec: { clusterIP: "None", ports: [{ port: 80 }] },
};

function slice(service: Service, ...endpoints: [address: string, ready: boolean][]): EndpointSlice {
  return {
    metadata: {
      name: `${service.metadata.name}-x`,
      namespace: service.metadata.namespace,
      labels: { "kubernetes.io/service-name": service.metadata.name },
    },
    addressType: "IPv4",
    ports: [{ name: service.spec.ports?.[0]?.name ?? "", port: 5001, protocol: "TCP" }],
    endpoints: endpoints.map(([address, ready]) => ({ addresses: [address], conditions: { ready } })),
  };
}

describe("Services", () => {
  it("lead to ready endpoints only, by the endpoints' own port", () => {
    const slices = [
      slice(registry, ["10.88.0.10", true], ["10.88.0.11", false]),
      slice(headless, ["10.88.0.12", true]),
    ];
    expect(servicePorts([registry, headless], slices)).toEqual([
      {
        clusterIp: "10.88.130.5",
        protocol: "TCP",
        port: 5000,
        endpoints: [{ address: "10.88.0.10", port: 5001 }],
      },
    ]);
  });

  it("share connections evenly: of n endpoints the first takes one in n, the last all that is left", () => {
    const endpoints = ["10.88.0.10", "10.88.0.11", "10.88.1.10"].map((address) => ({ address, port: 5000 }));
    const rules = serviceRules("irs00000", [
      { clusterIp: "10.88.130.5", protocol: "TCP", port: 5000, endpoints },
    ]);
    const dnat = rules.filter((rule) => rule.includes("DNAT"));
    expect(dnat.map((rule) => /--probability (\S+)/.exec(rule)?.[1])).toEqual([
      "0.333333",
      "0.500000",
      undefined,
    ]);
    for (const rule of dnat)
      expect(rule.startsWith(`-A ${chains("irs00000").services} -d 10.88.130.5/32 `)).toBe(true);
  });

  it("touch no chain but the lab's own", () => {
    const rules = serviceRules("irs00000", []);
    expect(rules.filter((rule) => !rule.includes("irs00000-services"))).toEqual(["*nat", "COMMIT"]);
  });

  it("have chains whose names iptables takes", () => {
    for (const name of Object.values(chains("irs00000"))) expect(name.length).toBeLessThanOrEqual(28);
  });
});

describe("names", () => {
  const slices = [slice(headless, ["10.88.0.12", true], ["10.88.0.13", true])];
  const lookup = (name: string) => nameLookup([registry, headless], slices, name);

  it.each([
    ["image-registry.openshift-image-registry.svc", ["10.88.130.5"]],
    ["image-registry.openshift-image-registry.svc.cluster.local", ["10.88.130.5"]],
    ["peers.default.svc", ["10.88.0.12", "10.88.0.13"]],
    ["image-registry.default.svc", undefined],
    ["registry.example.com", undefined],
  ])("%s is %j", (name, addresses) => {
    expect(lookup(name)).toEqual(addresses);
  });

  it("are answered with an address, with nothing for another type, and with NXDOMAIN where there is none", () => {
    const ask = (name: string, type: number) => answer(query(name, type), lookup);
    const found = ask("Image-Registry.openshift-image-registry.svc.cluster.local", 1);
    expect(found?.subarray(-4)).toEqual(Buffer.from([10, 88, 130, 5]));
    expect([found?.readUInt16BE(0), found?.readUInt16BE(6), code(found)]).toEqual([0x1234, 1, 0]);
    const none = ask("image-registry.openshift-image-registry.svc", 28);
    expect([none?.readUInt16BE(6), code(none)]).toEqual([0, 0]);
    expect(code(ask("nowhere.svc", 1))).toBe(3);
  });

  it("are not looked for in what is no query", () => {
    expect(answer(Buffer.from("GET / HTTP/1.1\r\n\r\n"), lookup)).toBeUndefined();
    expect(answer(Buffer.alloc(3), lookup)).toBeUndefined();
    expect(answer(query("a.b.svc", 1).subarray(0, 20), lookup)).toBeUndefined();
  });
});

function code(reply: Buffer | undefined): number | undefined {
  return reply === undefined ? undefined : reply.readUInt16BE(2) & 0xf;
}

function query(name: string, type: number): Buffer {
  const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])]);
}
