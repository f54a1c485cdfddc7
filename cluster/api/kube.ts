/**
 * Which cluster, and as whom: the same kubeconfig and context as the Kubernetes provider uses, so that what is
 * observed and what is changed are one cluster.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { KubeConfig } from "@kubernetes/client-node";

/** Stack config `kubernetes:*`, as far as it says where the cluster is. */
export interface KubeSettings {
  /** A path (a leading `~` is the home folder) or the content itself. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * Loads `kubernetes:kubeconfig` (content or path) with `kubernetes:context`; without the former what `kubectl` would
 * use: `KUBECONFIG`, then `~/.kube/config`, then the Pod's service account.
 * Throws one line that names the setting when the file or the context does not exist.
 */
export function loadKubeConfig(settings: KubeSettings): KubeConfig {
  const kube = new KubeConfig();
  const given = settings.kubeconfig?.trim() ?? "";
  if (given === "") {
    kube.loadFromDefault();
  } else if (/[\n{]/.test(given)) {
    load(() => kube.loadFromString(given), "the kubeconfig given as content in kubernetes:kubeconfig");
  } else {
    const path = given.replace(/^~(?=\/|$)/, homedir());
    if (!existsSync(path)) {
      throw new Error(
        `kubernetes:kubeconfig names "${given}", which does not exist; set it to the path or the content of a ` +
          "kubeconfig: pulumi config set kubernetes:kubeconfig <path>",
      );
    }
    load(() => kube.loadFromFile(path), `the kubeconfig "${given}"`);
  }
  const context = settings.context?.trim() ?? "";
  if (context !== "") {
    if (kube.getContextObject(context) === null) {
      const known = kube.getContexts().map((each) => each.name);
      throw new Error(
        `kubernetes:context is "${context}", which the kubeconfig does not have; it has: ` +
          (known.join(", ") || "none"),
      );
    }
    kube.setCurrentContext(context);
  }
  return kube;
}

function load(read: () => void, what: string): void {
  try {
    read();
  } catch {
    // The parser's message may quote the content, tokens included: neither it nor the cause is kept.
    throw new Error(`${what} is not a valid kubeconfig`);
  }
}
