/** What the lab's Swift does on a machine that has no time for it: it is late, and never away. */
import { basename } from "node:path";
import { configFiles } from "./config";
import { swiftDefaults, swiftPorts } from "./settings";

const texts = new Map(
  [...configFiles({ ...swiftDefaults, dir: "/lab", tmpfsSize: "1g", ports: swiftPorts(20_000) })].map(
    ([path, text]) => [basename(path), text],
  ),
);

function value(file: string, section: string, key: string): number {
  const lines = (texts.get(file) ?? "").split(/^\[/m).find((part) => part.startsWith(`${section}]`));
  const found = new RegExp(`^${key} = (.*)$`, "m").exec(lines ?? "");
  if (found === null) throw new Error(`${file}, [${section}]: no ${key}`);
  return Number(found[1]);
}

test("a cache that answers late is waited for, and asked again at the next request", () => {
  for (const key of ["connect_timeout", "pool_timeout", "io_timeout"])
    expect(value("proxy-server.conf", "filter:cache", key)).toBeGreaterThanOrEqual(10);
  expect(value("proxy-server.conf", "filter:cache", "error_suppression_interval")).toBe(0);
});

test("the only server of its kind is not put aside after errors", () => {
  const suppression = value("proxy-server.conf", "app:proxy-server", "error_suppression_limit");
  expect(suppression).toBeGreaterThanOrEqual(1_000_000);
});

test.each([
  ["proxy-server.conf", "app:proxy-server"],
  ["account-server.conf", "DEFAULT"],
  ["container-server.conf", "DEFAULT"],
  ["object-server.conf", "DEFAULT"],
])("%s: a server without CPU may take its time to take a connection", (file, section) => {
  expect(value(file, section, "conn_timeout")).toBeGreaterThanOrEqual(10);
});
