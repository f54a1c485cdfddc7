import type { LabRecord } from "./record";

/**
 * What points a shell at a lab. Its file of clouds has the cluster's own alone, which every client takes without a name:
 * OS_CLOUD would be refused by the program, because Pulumi's OpenStack provider obeys it whatever it is told.
 */
export function environmentOf({ kubernetes, swift }: LabRecord): readonly string[] {
  return [
    ...(kubernetes === undefined
      ? []
      : [`export KUBECONFIG=${kubernetes.kubeconfig}`, `export PATH=${kubernetes.commands}:$PATH`]),
    ...(swift === undefined ? [] : [`export OS_CLIENT_CONFIG_FILE=${swift.ownCloudYaml}`]),
  ];
}
