import {
  defaults,
  labAddress,
  labName,
  labNodes,
  labPorts,
  portCount,
  serviceNet,
  settingsProblems,
} from "./settings";

const other = {
  ...defaults,
  dir: "/srv/other-lab",
  portBase: 18_000,
  net: "10.89.0.0/16",
  nodes: 2 as const,
};

function allPorts(settings: typeof defaults): number[] {
  return JSON.stringify(labPorts(settings)).match(/\d+/g)?.map(Number) ?? [];
}

describe("port plan", () => {
  it("gives every listener a port of its own, within what the lab says it takes", () => {
    const ports = allPorts(defaults);
    expect(new Set(ports).size).toBe(ports.length);
    for (const port of ports) {
      expect(port).toBeGreaterThanOrEqual(defaults.portBase);
      expect(port).toBeLessThan(defaults.portBase + portCount);
    }
  });

  it("shares nothing with a lab whose base is portCount away", () => {
    const next = allPorts({ ...defaults, portBase: defaults.portBase + portCount });
    expect(allPorts(defaults).filter((port) => next.includes(port))).toEqual([]);
  });
});

describe("two labs", () => {
  it("share no name, bridge, cgroup or address", () => {
    const outside = (settings: typeof defaults) => [
      labName(settings),
      labAddress(settings),
      serviceNet(settings),
      ...labNodes({ ...settings, nodes: 2 }).flatMap((node) => [
        node.bridge,
        node.cgroupRoot,
        node.address,
        node.podNet,
      ]),
    ];
    const mine = outside({ ...defaults, nodes: 2 });
    expect(outside(other).filter((value) => mine.includes(value))).toEqual([]);
  });

  it("have bridges whose names the kernel takes", () => {
    for (const node of labNodes(other)) expect(node.bridge.length).toBeLessThanOrEqual(15);
  });
});

describe("nodes", () => {
  it("put Pods and Services into parts of the lab's net that do not meet", () => {
    expect(labNodes(other).map((node) => [node.address, node.podNet])).toEqual([
      ["10.89.0.1", "10.89.0.0/24"],
      ["10.89.1.1", "10.89.1.0/24"],
    ]);
    expect(serviceNet(other)).toBe("10.89.128.0/17");
  });

  it("are none when only Swift is wanted, which then is on loopback", () => {
    const settings = { ...defaults, only: "swift" as const };
    expect(labNodes(settings)).toEqual([]);
    expect(labAddress(settings)).toBe("127.0.0.1");
  });
});

describe("settingsProblems", () => {
  it("accepts the defaults", () => {
    expect(settingsProblems(defaults)).toEqual([]);
  });

  it.each([
    [{ dir: "lab" }, "LAB_DIR"],
    [{ dir: "/" }, "LAB_DIR"],
    [{ dir: "/var" }, "LAB_DIR"],
    [{ dir: "/srv/a lab" }, "LAB_DIR"],
    [{ dir: "/srv/../lab" }, "LAB_DIR"],
    [{ dir: `/srv/${"x".repeat(90)}` }, "80 bytes"],
    [{ portBase: 80 }, "LAB_PORT_BASE"],
    [{ portBase: 40_000 }, "LAB_PORT_BASE"],
    [{ net: "10.88.0.0/24" }, "LAB_NET"],
    [{ net: "8.8.0.0/16" }, "LAB_NET"],
    [{ net: "172.32.0.0/16" }, "LAB_NET"],
    [{ net: "10.300.0.0/16" }, "LAB_NET"],
    [{ release: "3.11" }, "LAB_RELEASE"],
  ])("refuses %j and says which setting it is", (wrong, named) => {
    expect(settingsProblems({ ...defaults, ...wrong })).toEqual([expect.stringContaining(named)]);
  });

  it("tells all problems at once", () => {
    expect(settingsProblems({ ...defaults, dir: "x", portBase: 1, net: "y" })).toHaveLength(3);
  });
});
