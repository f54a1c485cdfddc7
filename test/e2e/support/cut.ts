/**
 * Pods without a way to Swift: its port refuses what comes over the nodes' bridges. This machine, and with it the
 * program and the operator, still gets there.
 */
import { labName, labNodes, labPorts, type LabSettings } from "../../lab/settings";
import { run } from "./process";

function rules(settings: LabSettings): string[][] {
  const port = String(labPorts(settings).swift.proxy);
  const reset = ["-j", "REJECT", "--reject-with", "tcp-reset"];
  const comment = ["-m", "comment", "--comment", `${labName(settings)}-cut`];
  return labNodes(settings).map(({ bridge }) =>
    ["INPUT", "-i", bridge, "-p", "tcp", "--dport", port].concat(comment, reset),
  );
}

/** Connections that are open already are reset as well. */
export async function cutSwift(settings: LabSettings): Promise<void> {
  for (const rule of rules(settings)) await run("iptables", ["-w", "-I", ...rule]);
}

/** Takes the rules away; harmless where there are none. */
export async function joinSwift(settings: LabSettings): Promise<void> {
  for (const rule of rules(settings)) while (await there(rule)) await run("iptables", ["-w", "-D", ...rule]);
}

async function there(rule: readonly string[]): Promise<boolean> {
  return run("iptables", ["-w", "-C", ...rule]).then(
    () => true,
    () => false,
  );
}
