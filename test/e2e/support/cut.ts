/**
 * Swift, or the API server, out of reach: its port refuses what comes over the nodes' bridges, that is from Pods; for
 * everybody also what comes from this machine, where the program and the operator run. Keystone still answers.
 */
import { cutMark } from "../../lab/net/rules";
import { labName, labNodes, labPorts, type LabSettings } from "../../lab/settings";
import { run } from "./process";

/**
 * Who does not get there any more. `redirects`: of what Pods send, only the requests that carry the registry's signature,
 * as those do that follow its redirects; the registry itself reaches Swift. Through TLS they cannot be told.
 */
export type CutOff = "pods" | "everybody" | "redirects";

/** What is out of reach. */
export type CutPart = "swift" | "api-server";

function rules(settings: LabSettings, part: CutPart, who: CutOff): string[][] {
  const ports = labPorts(settings);
  const port = String(part === "swift" ? ports.swift.proxy : ports.apiserver);
  const reset = ["-j", "REJECT", "--reject-with", "tcp-reset"];
  const comment = ["-m", "comment", "--comment", cutMark(labName(settings))];
  const bridges = labNodes(settings).map(({ bridge }) => bridge);
  const signed = ["-m", "string", "--string", "temp_url_sig", "--algo", "bm"];
  const which = who === "redirects" ? signed : [];
  // What this machine sends to an address of its own comes in over loopback.
  const interfaces = who === "everybody" ? [...bridges, "lo"] : bridges;
  return interfaces.map((each) =>
    ["INPUT", "-i", each, "-p", "tcp", "--dport", port].concat(which, comment, reset),
  );
}

/** Connections that are open already are reset as well. */
export async function cut(settings: LabSettings, part: CutPart, who: CutOff): Promise<void> {
  for (const rule of rules(settings, part, who)) await run("iptables", ["-w", "-I", ...rule]);
}

/** Takes the rules away; harmless where there are none. */
export async function join(settings: LabSettings, part: CutPart): Promise<void> {
  const all = [...rules(settings, part, "everybody"), ...rules(settings, part, "redirects")];
  for (const rule of all) while (await there(rule)) await run("iptables", ["-w", "-D", ...rule]);
}

async function there(rule: readonly string[]): Promise<boolean> {
  return run("iptables", ["-w", "-C", ...rule]).then(
    () => true,
    () => false,
  );
}
