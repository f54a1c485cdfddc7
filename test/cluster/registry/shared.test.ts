import type { RawVolume } from "../../../cluster/api/objects";
import { isOneNodes, isShared } from "../../../cluster/registry/shared";

const volume = (spec: RawVolume["spec"]): RawVolume => ({
  metadata: { name: "pv", uid: "u", resourceVersion: "1" },
  spec,
});
const driver = (name: string) => volume({ csi: { driver: name } });
const many = ["ReadWriteMany"];

describe("shared or not is what the volume is", () => {
  test.each([
    ["NFS", volume({ nfs: {} }), true],
    ["CephFS", volume({ cephfs: {} }), true],
    ["NFS's driver", driver("nfs.csi.k8s.io"), true],
    ["CephFS's driver of OpenShift Data Foundation", driver("openshift-storage.cephfs.csi.ceph.com"), true],
    ["Manila's driver", driver("manila.csi.openstack.org"), true],
    ["Manila's driver over NFS", driver("nfs.manila.csi.openstack.org"), true],
    ["Cinder's, which grants ReadWriteMany on multi-attach types", driver("cinder.csi.openstack.org"), false],
    ["Ceph's block devices", driver("openshift-storage.rbd.csi.ceph.com"), false],
    ["a driver that is not known", driver("csi.example.org"), false],
    ["a name that only ends like a known one", driver("evilnfs.csi.k8s.io"), false],
    ["a local folder", volume({}), false],
    ["a volume that may not be read", undefined, false],
  ])("%s with ReadWriteMany", (_what, found, shared) => {
    expect(isShared(many, found)).toBe(shared);
    expect(isShared(["ReadOnlyMany"], found)).toBe(shared);
    expect(isShared(["ReadWriteOnce"], found)).toBe(false);
  });
});

test("a volume is one node's at a time where each of its own access modes is, and where that may be read", () => {
  const modes = (...accessModes: string[]) => isOneNodes(volume({ accessModes }));
  expect(modes("ReadWriteOnce")).toBe(true);
  expect(modes("ReadWriteOncePod")).toBe(true);
  expect(modes("ReadWriteOnce", "ReadWriteMany")).toBe(false);
  expect(modes()).toBe(false);
  expect(isOneNodes(undefined)).toBe(false);
});
