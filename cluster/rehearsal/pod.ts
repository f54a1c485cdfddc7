/**
 * A registry Pod on Swift, read-only, made from the Deployment's own template with another storage. What it can serve
 * the registry will serve after the switch. Pure.
 */
import type { SwiftEnvironment } from "../cloud/operator-env";
import { namespace, nodeTrust } from "../names";
import { type BarePod, barePod, listOf, type PodTemplate, type Values } from "../registry/bare-pod";

/** What is different from the template. Its labels are never the registry's: the Service must send it no requests. */
export interface OnSwift extends BarePod {
  /** Secret with the values of `environment.secret`, by variable, and key `storage-ca.pem`. */
  readonly secretName: string;
  readonly environment: SwiftEnvironment;
}

interface Variable {
  readonly name: string;
}

/** Key of the Secret with what the operator would add to the registry's trust for Swift. */
const storageCaKey = "storage-ca.pem";

/** Variables of the template that stay, because they do not belong to its storage. */
const kept = /^REGISTRY_STORAGE_(CACHE|DELETE|REDIRECT)_/;

/** Whether a variable says which storage the registry uses, and how. */
export function isOfStorage(name: string): boolean {
  return name.startsWith("REGISTRY_STORAGE") && !kept.test(name);
}

/** The Pod; `undefined` when the template has no container. */
export function registryOnSwift(template: PodTemplate, on: OnSwift): object | undefined {
  return barePod(template, on, {
    spec: { terminationGracePeriodSeconds: 5 },
    container: (registry) => onSwift(registry, on),
    volume: (each) => withStorageCa(each, on.secretName),
  });
}

function onSwift(container: Values, on: OnSwift): Values {
  const { lifecycle: _c, ...rest } = container;
  const env = (listOf(container["env"]) as unknown as readonly Variable[]).filter(
    ({ name }) => !isOfStorage(name),
  );
  return {
    ...rest,
    env: [
      ...env,
      ...Object.entries(on.environment.plain).map(([name, value]) => ({ name, value })),
      ...Object.keys(on.environment.secret).map((name) => ({
        name,
        valueFrom: { secretKeyRef: { name: on.secretName, key: name } },
      })),
      { name: "REGISTRY_STORAGE_MAINTENANCE_READONLY", value: "{enabled: true}" },
    ],
  };
}

/**
 * The operator adds the cloud's CA to the registry's trust only when the registry is on Swift, so this Pod gets it
 * separately.
 */
function withStorageCa(volume: Values, secretName: string): Values {
  const { configMap, ...rest } = volume as { configMap?: { readonly name?: string } & Values };
  if (configMap?.name !== nodeTrust) {
    return volume;
  }
  return {
    ...rest,
    projected: {
      sources: [
        { configMap: { name: nodeTrust, optional: true } },
        { secret: { name: secretName, items: [{ key: storageCaKey, path: storageCaKey }], optional: true } },
      ],
    },
  };
}

/** Credentials and CA; owned by the Pod, so that whatever ends the Pod takes them with it. */
export function swiftSecret(
  { name, labels, secretName, environment }: Pick<OnSwift, "name" | "labels" | "secretName" | "environment">,
  storageCa: string | undefined,
  podUid: string,
): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: secretName,
      namespace,
      labels,
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid: podUid }],
    },
    stringData: {
      ...environment.secret,
      ...(storageCa === undefined || storageCa.trim() === "" ? {} : { [storageCaKey]: storageCa }),
    },
  };
}
