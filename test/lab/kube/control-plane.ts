import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../part";
import { processPart } from "../process";
import { labAddress, labPaths, labPorts, serviceNet, type LabSettings } from "../settings";
import { checkHttp } from "./check";
import type { Commands } from "./commands";
import { kubeconfig, pkiFiles } from "./pki";

export function apiServerUrl(settings: LabSettings): string {
  return `https://${labAddress(settings)}:${labPorts(settings).apiserver}`;
}

/** Kubeconfig of a part, written when its part is made. */
export function writeKubeconfigs(settings: LabSettings): void {
  const server = apiServerUrl(settings);
  for (const identity of ["controllerManager", "scheduler", "node1", "node2"] as const)
    writeFileSync(identityKubeconfig(settings, identity), kubeconfig(settings, server, identity), {
      mode: 0o600,
    });
  writeFileSync(labPaths(settings).kubeconfig, kubeconfig(settings, server, "admin"), { mode: 0o600 });
}

export function identityKubeconfig(
  settings: LabSettings,
  identity: "controllerManager" | "scheduler" | "node1" | "node2",
): string {
  return join(labPaths(settings).pki, `${identity}.kubeconfig`);
}

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler; each needs the ones before it. */
export function controlPlane(settings: LabSettings, commands: Commands): Part[] {
  const ports = labPorts(settings);
  const paths = labPaths(settings);
  const files = pkiFiles(settings);
  const loopback = "127.0.0.1";
  const address = labAddress(settings);
  const where = { run: paths.run, logs: paths.log };
  const etcdUrl = `http://${loopback}:${ports.etcdClient}`;
  const peerUrl = `http://${loopback}:${ports.etcdPeer}`;
  const identityFiles = [files.tokenAuth, files.apiserverCert, files.caCert];
  return [
    processPart({
      ...where,
      name: "etcd",
      command: [
        commands.path.etcd,
        `--name=lab`,
        `--data-dir=${join(settings.dir, "etcd")}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=lab=${peerUrl}`,
      ],
      listens: [ports.etcdClient, ports.etcdPeer].map((port) => ({ host: loopback, port })),
      ready: () => checkHttp(`${etcdUrl}/health`),
    }),
    processPart({
      ...where,
      name: "kube-apiserver",
      command: [
        commands.path["kube-apiserver"],
        `--etcd-servers=${etcdUrl}`,
        `--bind-address=${address}`,
        `--advertise-address=${address}`,
        `--secure-port=${ports.apiserver}`,
        `--tls-cert-file=${files.apiserverCert}`,
        `--tls-private-key-file=${files.apiserverKey}`,
        `--client-ca-file=${files.caCert}`,
        `--token-auth-file=${files.tokenAuth}`,
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        // What stands in for SCC admission (scc.ts): beta, and off by default, in this release.
        "--feature-gates=MutatingAdmissionPolicy=true",
        "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
        `--service-cluster-ip-range=${serviceNet(settings)}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${files.serviceAccountKey}`,
        `--service-account-signing-key-file=${files.serviceAccountKey}`,
        `--kubelet-client-certificate=${files.kubeletClientCert}`,
        `--kubelet-client-key=${files.kubeletClientKey}`,
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged",
      ],
      listens: [{ host: address, port: ports.apiserver }],
      fingerprint: () => identityFiles.map((file) => readFileSync(file, "utf8")).join(""),
      ready: () => checkHttp(`${apiServerUrl(settings)}/readyz`),
      deadline: 120,
      grace: 20,
    }),
    processPart({
      ...where,
      name: "kube-controller-manager",
      command: [
        commands.path["kube-controller-manager"],
        `--kubeconfig=${identityKubeconfig(settings, "controllerManager")}`,
        `--bind-address=${loopback}`,
        `--secure-port=${ports.controllerManager}`,
        `--cert-dir=${join(paths.pki, "controller-manager")}`,
        `--root-ca-file=${files.caCert}`,
        `--service-account-private-key-file=${files.serviceAccountKey}`,
        "--use-service-account-credentials=true",
        "--leader-elect=false",
      ],
      listens: [{ host: loopback, port: ports.controllerManager }],
      ready: () => checkHttp(`https://${loopback}:${ports.controllerManager}/healthz`),
    }),
    processPart({
      ...where,
      name: "kube-scheduler",
      command: [
        commands.path["kube-scheduler"],
        `--kubeconfig=${identityKubeconfig(settings, "scheduler")}`,
        `--bind-address=${loopback}`,
        `--secure-port=${ports.scheduler}`,
        `--cert-dir=${join(paths.pki, "scheduler")}`,
        "--leader-elect=false",
      ],
      listens: [{ host: loopback, port: ports.scheduler }],
      ready: () => checkHttp(`https://${loopback}:${ports.scheduler}/healthz`),
    }),
  ];
}
