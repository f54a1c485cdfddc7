/** Runs the pull check's Pod to its end and leaves nothing behind: no Pod, no Secret, no NetworkPolicy. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Api, ApiError } from "../api/api";
import { away, patience } from "../api/away";
import type { JournalOfRun } from "../journal/store";
import type { RawConfigMap, RawPod, RawProxy, Stored } from "../api/objects";
import { namespaceIds } from "../observe";
import { paths } from "../api/paths";
import { podTrouble } from "../api/pod-trouble";
import { podEvents } from "../registry/registry";
import { pullCheckNetworkPolicy, pullCheckPod, pullCheckSecret } from "./pod";
import type { PullOrder, PullResult, Sample } from "./puller";
import { imageStreamSamples, type RawImageStream } from "./samples";
import { namespace, nodeTrust, pullCheckName, registryHost, trustedCaName } from "../names";

export interface PullCheckOrder {
  readonly sample: number;
  readonly image: string;
  readonly timeoutSeconds: number;
}

interface Context {
  readonly api: Api;
  readonly journal: JournalOfRun;
  readonly log: (line: string) => void;
}

const tokenSeconds = 600;

/** Pulls; asks for tokens only where the registry answers 401. */
export async function pullCheck(order: PullCheckOrder, context: Context): Promise<PullResult> {
  const streams = await imageStreams(context.api);
  const samples = streams.length > 0 ? imageStreamSamples(streams, order.sample) : undefined;
  if (samples?.length === 0) {
    context.log("the registry stores no image of any ImageStream: nothing to pull");
    return { ok: true, manifests: 0, blobs: 0, bytes: 0, redirected: 0 };
  }
  const trust = await readTrust(context.api);
  const first = await once({ ...trust, ...ofSamples(samples), count: order.sample }, order, context);
  if (first.wantsLogin !== true || samples === undefined) {
    return first;
  }
  const withTokens = await tokensFor(samples, context.api);
  if (withTokens.length === 0) {
    return { ...first, failure: noToken(samples) };
  }
  return once({ ...trust, samples: withTokens, count: order.sample }, order, context);
}

async function once(pull: PullOrder, order: PullCheckOrder, context: Context): Promise<PullResult> {
  const { api } = context;
  await cleanUp(api);
  try {
    await context.journal.assertRun();
    await api.create(paths.networkPolicies, pullCheckNetworkPolicy());
    const project = await api.get<Stored>(paths.namespace);
    const ids = namespaceIds(project?.metadata.annotations);
    // The Pod first, for the Secret to be owned by it: until the Secret is there its container does not start.
    const pod = await api.create<RawPod>(
      paths.pods,
      pullCheckPod({ image: order.image, timeoutSeconds: order.timeoutSeconds, ...ids }),
    );
    await api.create(paths.secrets, pullCheckSecret(JSON.stringify(pull), pod.metadata.uid));
    return await untilEnded(order, context);
  } finally {
    await cleanUp(api);
  }
}

async function untilEnded(order: PullCheckOrder, context: Context): Promise<PullResult> {
  const { api, journal, log } = context;
  const until = performance.now() + order.timeoutSeconds * 1000;
  const look = patience(log, "the Pod goes on, ");
  let said = "";
  for (;;) {
    const pod = await look(async () => {
      await journal.assertRun();
      return api.get<RawPod>(paths.pod(pullCheckName));
    });
    if (pod === undefined) {
      throw new Error(
        `pull check: pod ${namespace}/${pullCheckName} was deleted; run the same command again`,
      );
    }
    if (pod !== away && (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed")) {
      return resultOf(pod, await api.text(paths.podLog(pullCheckName)).catch(() => undefined));
    }
    const trouble = pod === away ? undefined : podTrouble(pod, await podEvents(api, pullCheckName));
    if (trouble !== undefined && trouble.message !== said) {
      said = trouble.message;
      log(`pull check: pod ${pullCheckName} does not start: ${trouble.message}`);
    }
    if (performance.now() > until) {
      throw new Error(
        `pull check: pod ${namespace}/${pullCheckName} did not end within ${order.timeoutSeconds} s` +
          `${said === "" ? "" : `: ${said}`}; the registry stays read-only. Run the same command again`,
      );
    }
    await sleep(500);
  }
}

/** The puller's own line; without one, what the Pod died of. */
export function resultOf(pod: RawPod, log: string | undefined): PullResult {
  const end = pod.status?.containerStatuses?.[0]?.state?.terminated;
  for (const text of [end?.message, log]) {
    const line = text?.trim().split("\n").at(-1) ?? "";
    try {
      const result = JSON.parse(line) as PullResult;
      if (typeof result.ok === "boolean") {
        return result;
      }
    } catch {
      // Not the puller's line; the next source may have it.
    }
  }
  const why = (pod.status?.message ?? end?.message ?? end?.reason ?? "").trim().split("\n").at(-1) ?? "";
  return {
    ok: false,
    manifests: 0,
    blobs: 0,
    bytes: 0,
    redirected: 0,
    failure: {
      what: `pod ${pullCheckName}`,
      why: why === "" ? `exit code ${end?.exitCode ?? "unknown"}` : why,
    },
  };
}

async function readTrust(api: Api): Promise<Omit<PullOrder, "count">> {
  const [certificates, trusted, proxy] = await Promise.all([
    api.get<RawConfigMap>(paths.configMap(nodeTrust)),
    api.get<RawConfigMap>(paths.configMap(trustedCaName)),
    api.get<RawProxy>(paths.proxy),
  ]);
  const cluster = trusted?.data?.["ca-bundle.crt"] ?? "";
  const own = certificates?.data?.[registryHost.replace(":", "..")] ?? "";
  return {
    registry: `https://${registryHost}`,
    registryCa: `${own}\n${cluster}`.trim(),
    redirectCa: cluster,
    ...redirectProxyOf(proxy),
  };
}

/** The cluster's proxy alone: the registry's own is not the nodes'. */
function redirectProxyOf(proxy: RawProxy | undefined): Pick<PullOrder, "redirectProxy"> {
  const { httpProxy, httpsProxy, noProxy } = proxy?.status ?? {};
  const none = (httpProxy ?? "") === "" && (httpsProxy ?? "") === "";
  return none
    ? {}
    : {
        redirectProxy: {
          ...(httpProxy === undefined ? {} : { http: httpProxy }),
          ...(httpsProxy === undefined ? {} : { https: httpsProxy }),
          no: (noProxy ?? "").split(",").filter(Boolean),
        },
      };
}

/** None where the cluster has no ImageStreams: the registry's own catalog is asked then. */
async function imageStreams(api: Api): Promise<readonly RawImageStream[]> {
  return api.list<RawImageStream>(paths.imageStreams);
}

/** As a kubelet would pull: with the token of a service account of the image's own namespace. */
async function tokensFor(samples: readonly Sample[], api: Api): Promise<readonly Sample[]> {
  const tokens = new Map<string, string | undefined>();
  for (const { repository } of samples) {
    const project = repository.split("/")[0] ?? "";
    if (!tokens.has(project)) {
      tokens.set(project, await tokenOf(project, api));
    }
  }
  return samples.flatMap((sample) => {
    const token = tokens.get(sample.repository.split("/")[0] ?? "");
    return token === undefined ? [] : [{ ...sample, token }];
  });
}

function noToken(samples: readonly Sample[]): NonNullable<PullResult["failure"]> {
  const projects = [...new Set(samples.map(({ repository }) => repository.split("/")[0] ?? ""))];
  return {
    what: "logging in",
    why:
      "the registry wants a login, and none of these projects has a ServiceAccount default to pull as: " +
      projects.join(", "),
  };
}

async function tokenOf(project: string, api: Api): Promise<string | undefined> {
  try {
    const made = await api.create<{ status?: { token?: string } }>(
      paths.serviceAccountToken(project, "default"),
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { expirationSeconds: tokenSeconds },
      },
    );
    return made.status?.token;
  } catch (error) {
    if (error instanceof ApiError && error.kind === "not-found") {
      return undefined;
    }
    throw error;
  }
}

function ofSamples(samples: readonly Sample[] | undefined): { samples?: readonly Sample[] } {
  return samples === undefined ? {} : { samples };
}

/**
 * What a killed pull check left: its Secret may hold tokens, and no later step of an abort would look for it. Best
 * effort: the migration does not depend on it. Nothing is sent where nothing is left.
 */
export async function removeLeftPullCheck(api: Api, log: (line: string) => void): Promise<void> {
  const left = [
    ["pod", paths.pod(pullCheckName)],
    ["secret", paths.secret(pullCheckName)],
    ["networkpolicy", paths.networkPolicy(pullCheckName)],
  ] as const;
  for (const [kind, path] of left) {
    try {
      const found = await api.get<Stored>(path);
      if (found !== undefined) {
        await api.remove(path, { uid: found.metadata.uid, ...(kind === "pod" ? { graceSeconds: 0 } : {}) });
        log(`removed ${kind} ${namespace}/${pullCheckName}, which a pull check that was killed had left`);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log(
        `warning: ${kind} ${namespace}/${pullCheckName} of a pull check that was killed may still be there: ${why}; ` +
          `remove it: oc -n ${namespace} delete ${kind} ${pullCheckName}`,
      );
    }
  }
}

async function cleanUp(api: Api): Promise<void> {
  await api.remove(paths.pod(pullCheckName), { graceSeconds: 0 });
  await api.remove(paths.secret(pullCheckName));
  await api.remove(paths.networkPolicy(pullCheckName));
  const until = performance.now() + 30_000;
  while ((await api.get<RawPod>(paths.pod(pullCheckName))) !== undefined) {
    if (performance.now() > until) {
      throw new Error(
        `pull check: pod ${namespace}/${pullCheckName} of before does not go away; delete it by hand`,
      );
    }
    await sleep(250);
  }
}
