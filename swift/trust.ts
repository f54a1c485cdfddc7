/** Whom a connection trusts when nothing else is said: what Go programs on this machine trust. */
import * as tls from "node:tls";

let roots: string[] | undefined;

/** PEM of Node's own roots and of the system's, each once. Reading the system's takes a moment: done once. */
export function systemRoots(): string[] {
  roots ??= [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])];
  return roots;
}
