/** The CAs that a connection trusts by default: those that Go programs on this machine trust. */
import * as tls from "node:tls";

let roots: string[] | undefined;

/**
 * PEM of Node's own roots and of the system's, each once. They are read once, because reading the system's takes a
 * moment.
 */
export function systemRoots(): string[] {
  roots ??= [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])];
  return roots;
}
