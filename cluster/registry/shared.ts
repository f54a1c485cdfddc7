/**
 * Whether Pods on several nodes may use a volume at once. The claim's access modes do not tell: Cinder's driver grants
 * ReadWriteMany on multi-attach volume types, and then two nodes mount one ext4, which destroys it. Pure.
 */
import type { RawVolume } from "../api/objects";
import type { Claim } from "../observation";

/** CSI drivers of file systems that are made for many nodes, as they name themselves. */
const sharedDrivers: readonly RegExp[] = [
  /(^|\.)nfs\.csi\.k8s\.io$/,
  // `cephfs.csi.ceph.com`, with the namespace before it where Rook or OpenShift Data Foundation runs it.
  /(^|\.)cephfs\.csi\.ceph\.com$/,
  // `manila.csi.openstack.org`, `nfs.manila.csi.openstack.org`, `cephfs.manila.csi.openstack.org`.
  /(^|\.)manila\.csi\.openstack\.org$/,
];

/**
 * NFS, CephFS and Manila, by their CSI drivers or as Kubernetes' own volume types, where the claim may be mounted by
 * many. Block devices, local folders and unknown drivers belong to one node, and so does a volume that the user may
 * not read.
 */
export function isShared(accessModes: readonly string[], volume: RawVolume | undefined): boolean {
  const asked = accessModes.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany");
  if (!asked || volume === undefined) {
    return false;
  }
  const { csi, nfs, cephfs } = volume.spec;
  if (csi === undefined) {
    return nfs !== undefined || cephfs !== undefined;
  }
  return sharedDrivers.some((each) => each.test(csi.driver));
}

/** Kubernetes lets no second Pod mount it, not even on the same node; no other mode may stand beside this one. */
export function isForOnePod({ accessModes }: Pick<Claim, "accessModes">): boolean {
  return accessModes.includes("ReadWriteOncePod");
}

/**
 * Whether going to this claim may roll, and with several replicas. The operator asks for ReadWriteMany by name ("cannot
 * use ReadWriteOnce access mode with RollingUpdate"), whatever the volume is; on one that is not shared two nodes must
 * not write at once all the same.
 */
export function mayRollOnto({ shared, accessModes }: Pick<Claim, "shared" | "accessModes">): boolean {
  return shared && accessModes.includes("ReadWriteMany");
}

/**
 * Whether Kubernetes itself refuses to attach the volume to a second node while it is on one: it does so where every
 * access mode of the volume (the claim's do not count) is one node's. A volume that may not be read may be any.
 */
export function isOneNodes(volume: RawVolume | undefined): boolean {
  const modes = volume?.spec.accessModes ?? [];
  return modes.length > 0 && modes.every((mode) => mode === "ReadWriteOnce" || mode === "ReadWriteOncePod");
}
