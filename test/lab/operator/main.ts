/**
 * The stand-in for OpenShift's cluster-image-registry-operator: watches what the real one watches and does to the
 * Deployment and to the statuses what was seen of it, the misleading ones included; `release.ts` says what its releases
 * do differently.
 *
 * Environment: KUBECONFIG_FILE, IMAGE, RELEASE (such as 4.20); FAST=true for short delays of the registry's Pod.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Api } from "../kube/api";
import { delays } from "./deployment";
import { Reconciler } from "./reconcile";
import { releaseOf } from "./release";
import { messageOf } from "./storage";
import { group, namespace } from "./types";

const log = (line: string): void => console.log(`${new Date().toISOString()} ${line}`);

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

const watched = [
  [`${group}/v1`, "Config"],
  [`${group}/v1`, "ImagePruner"],
  ["config.openshift.io/v1", "Proxy"],
  ["config.openshift.io/v1", "Infrastructure"],
  ["apps/v1", "Deployment"],
  ["v1", "Secret"],
  ["v1", "ConfigMap"],
  ["v1", "Service"],
] as const;

/** Namespaces whose objects are looked at; what has none counts too. */
const namespaces = new Set<string | undefined>([namespace, "openshift-config", undefined]);

/** One look at a time; whatever happens during one leads to one more. */
class Bell {
  private rung = true;
  private wake: () => void = () => undefined;

  ring(): void {
    this.rung = true;
    this.wake();
  }

  async next(limitMs: number): Promise<void> {
    if (!this.rung)
      await Promise.race([new Promise<void>((resolve) => (this.wake = resolve)), sleep(limitMs, undefined)]);
    this.rung = false;
  }
}

async function watch(api: Api, apiVersion: string, kind: string, bell: Bell): Promise<never> {
  let seen = "";
  for (;;) {
    try {
      await api.follow(
        apiVersion,
        kind,
        (objects) => {
          // The program's journal and the leases of others change often and mean nothing here.
          const state = objects
            .filter((o) => namespaces.has(o.metadata.namespace))
            .filter((o) => o.metadata.name !== "image-registry-migration")
            .map(
              (o) => `${o.metadata.namespace ?? ""}/${o.metadata.name}@${o.metadata.resourceVersion ?? ""}`,
            )
            .sort()
            .join("\n");
          if (state === seen) return;
          seen = state;
          bell.ring();
        },
        new AbortController().signal,
      );
    } catch (error) {
      log(`watch of ${kind}: ${messageOf(error)}`);
    }
    await sleep(500);
  }
}

async function main(): Promise<never> {
  const api = new Api(required("KUBECONFIG_FILE"));
  const reconciler = new Reconciler(
    api,
    {
      image: required("IMAGE"),
      release: releaseOf(required("RELEASE")),
      delays: process.env["FAST"] === "true" ? delays.fast : delays.real,
    },
    log,
  );
  const bell = new Bell();
  for (const [apiVersion, kind] of watched) void watch(api, apiVersion, kind, bell);
  log("started");
  let backoffMs = 250;
  for (;;) {
    // The look every ten minutes is for what no watch tells (the container in Swift).
    await bell.next(600_000);
    try {
      await reconciler.look();
      backoffMs = 250;
    } catch (error) {
      log(`trying again: ${messageOf(error)}`);
      await sleep(backoffMs);
      backoffMs = Math.min(backoffMs * 2, 30_000);
      bell.ring();
    }
  }
}

for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.on(signal, () => {
    log(`ended by ${signal}`);
    process.exit(0);
  });
main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
