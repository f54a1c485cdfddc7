import { mergeSettings, parseInvocation } from "./args";
import { defaults } from "./settings";

const parse = (line: string, env: NodeJS.ProcessEnv = {}) =>
  parseInvocation(
    line.split(" ").filter((word) => word !== ""),
    env,
    "/home/me",
  );

describe("parseInvocation", () => {
  it("is help without a command", () => {
    expect(parse("").command).toBe("help");
  });

  it("takes flags before variables, and leaves out what nobody asked for", () => {
    const { wanted } = parse("up --nodes 2 --dir lab", {
      LAB_NODES: "1",
      LAB_PORT_BASE: "18000",
      LAB_NET: "",
    });
    expect(wanted).toEqual({ nodes: 2, dir: "/home/me/lab", portBase: 18_000 });
  });

  it.each([
    ["start", '"start" is no command'],
    ["up now", '"now" is too much'],
    ["up --nodes 3", '--nodes is "3": it must be 1 or 2'],
    ["up --port-base http", '--port-base is "http"'],
    ["up --wipe", "--wipe belongs to `down`"],
    ["up --small", "--small belongs to `seed`"],
    ["up --node 2", "npm run lab -- help"],
    ["up --only keystone", "--only"],
    ["up --release 4.7", '--release is "4.7": it must be a release from 4.12 to'],
    ["up --release four", '--release is "four"'],
    ["up --operator fake", "real or stand-in or auto"],
  ])("refuses `%s`", (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  it("names the variable that is wrong, and all problems together", () => {
    expect(() => parse("start", { LAB_NODES: "9" })).toThrow(/is no command.*\nLAB_NODES is "9"/s);
  });
});

describe("mergeSettings", () => {
  const existing = { ...defaults, dir: "/srv/lab", nodes: 2 as const, fast: true };

  it("keeps what the lab has when the call does not say otherwise", () => {
    expect(mergeSettings({ dir: "/srv/lab" }, existing)).toEqual(existing);
    expect(mergeSettings({ nodes: 1 }, existing)).toMatchObject({ nodes: 1, fast: true });
  });

  it("refuses what a lab has for life, and says how to get it", () => {
    expect(() => mergeSettings({ portBase: 20_000 }, existing)).toThrow(
      /portBase 17100, not 20000.*down --wipe/,
    );
    expect(() => mergeSettings({ net: "10.90.0.0/16" }, existing)).toThrow("net");
  });

  it("takes a lab made before a setting existed for one with its default", () => {
    const { tls: _, ...older } = existing;
    expect(mergeSettings({}, older as typeof existing)).toEqual(existing);
  });
});
