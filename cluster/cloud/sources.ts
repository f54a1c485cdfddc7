/** What the cluster says about its cloud: the two secrets, the CAs, the registry config's own part; decoded, not judged. */
import type { Api } from "../api/api";
import type {
  RawClusterVersion,
  RawConfigMap,
  RawInfrastructure,
  RawRegistryConfig,
  RawSecret,
} from "../api/objects";
import { paths } from "../api/paths";
import { installerSecretName, trustedCaName, userSecretName } from "../names";
import { defined } from "../../swift/defined";

/** What is read from the cluster, decoded. */
export interface CloudSources {
  readonly cloudName: string;
  readonly userSecret?: Readonly<Record<string, string>>;
  readonly installerSecret?: Readonly<Record<string, string>>;
  /** Version of OpenShift, such as `4.14.3`. */
  readonly version?: string;
  /** `ca-bundle.pem` of openshift-config/cloud-provider-config. */
  readonly providerCa?: string;
  /** `ca-bundle.crt` of ConfigMap trusted-ca. */
  readonly trustedCa?: string;
  /** Present `spec.storage.swift`. */
  readonly swift?: Readonly<Record<string, string>>;
}

export async function readCloudSources(api: Api): Promise<CloudSources> {
  const [infrastructure, version, config, user, installer, provider, trusted] = await Promise.all([
    api.get<RawInfrastructure>(paths.infrastructure),
    api.get<RawClusterVersion>(paths.clusterVersion),
    api.get<RawRegistryConfig>(paths.registryConfig),
    api.get<RawSecret>(paths.secret(userSecretName)),
    api.get<RawSecret>(paths.secret(installerSecretName)),
    api.get<RawConfigMap>(paths.cloudProviderConfig),
    api.get<RawConfigMap>(paths.configMap(trustedCaName)),
  ]);
  const swift = config?.spec.storage?.["swift"] as Readonly<Record<string, string>> | undefined;
  const desired = version?.status?.desired?.version;
  const providerCa = provider?.data?.["ca-bundle.pem"];
  const trustedCa = trusted?.data?.["ca-bundle.crt"];
  return {
    cloudName: infrastructure?.status?.platformStatus?.openstack?.cloudName ?? "",
    ...(user === undefined ? {} : { userSecret: decoded(user) }),
    ...(installer === undefined ? {} : { installerSecret: decoded(installer) }),
    ...defined({ version: desired, providerCa, trustedCa, swift }),
  };
}

function decoded(secret: RawSecret): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString("utf8"),
    ]),
  );
}
