import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../run";
import { labAddress, labNodes, labPaths, serviceNet, type LabSettings } from "../settings";

/** Who may talk to the API server, by token. */
const identities = {
  admin: { user: "admin", groups: ["system:masters"] },
  controllerManager: { user: "system:kube-controller-manager", groups: [] },
  scheduler: { user: "system:kube-scheduler", groups: [] },
  node1: { user: "system:node:node1", groups: ["system:nodes"] },
  node2: { user: "system:node:node2", groups: ["system:nodes"] },
} as const;
export type Identity = keyof typeof identities;

/** Files of the lab's authority and of those who trust it. */
export function pkiFiles(settings: LabSettings) {
  const { pki } = labPaths(settings);
  const file = (name: string) => join(pki, name);
  return {
    caCert: file("ca.crt"),
    caKey: file("ca.key"),
    clusterCaCert: file("cluster-ca.crt"),
    clusterCaKey: file("cluster-ca.key"),
    apiserverCert: file("apiserver.crt"),
    apiserverKey: file("apiserver.key"),
    kubeletClientCert: file("kubelet-client.crt"),
    kubeletClientKey: file("kubelet-client.key"),
    serviceAccountKey: file("service-account.key"),
    registryCert: file("registry.crt"),
    registryKey: file("registry.key"),
    swiftCert: file("swift.crt"),
    swiftKey: file("swift.key"),
    tokens: file("tokens.json"),
    tokenAuth: file("tokens.csv"),
  };
}

/** Makes what is missing; what is there stays, so that a lab's kubeconfigs stay good. */
export async function ensurePki(settings: LabSettings): Promise<void> {
  const files = pkiFiles(settings);
  mkdirSync(labPaths(settings).pki, { recursive: true, mode: 0o700 });
  await ensureAuthority(files.caCert, files.caKey, "/CN=image-registry-swift lab");
  // Of the cluster's own trust bundle: signs nothing here, so that whoever trusts it alone reaches nobody.
  await ensureAuthority(files.clusterCaCert, files.clusterCaKey, "/CN=cluster of the lab");
  if (!existsSync(files.serviceAccountKey))
    // The API server takes no EC key made by `openssl genpkey` with explicit parameters; RSA is what kubeadm uses.
    await openssl(["genrsa", "-out", files.serviceAccountKey, "2048"]);
  const nodes = labNodes({ ...settings, nodes: 2 });
  const firstService = serviceNet(settings).replace(/\.0\/\d+$/, ".1");
  await ensureCertificate(files.apiserverCert, files.apiserverKey, settings, "/CN=kube-apiserver", [
    ...["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"].map(
      (name) => `DNS:${name}`,
    ),
    ...["127.0.0.1", labAddress(settings), firstService, ...nodes.map((node) => node.address)].map(
      (ip) => `IP:${ip}`,
    ),
  ]);
  await ensureCertificate(
    files.kubeletClientCert,
    files.kubeletClientKey,
    settings,
    "/O=system:masters/CN=kube-apiserver-kubelet-client",
    ["DNS:kube-apiserver"],
  );
  const registry = "image-registry.openshift-image-registry.svc";
  await ensureCertificate(files.registryCert, files.registryKey, settings, `/CN=${registry}`, [
    ...[registry, `${registry}.cluster.local`, "localhost"].map((name) => `DNS:${name}`),
    "IP:127.0.0.1",
  ]);
  await ensureCertificate(files.swiftCert, files.swiftKey, settings, "/CN=cloud of the lab", [
    "DNS:localhost",
    ...new Set(["IP:127.0.0.1", `IP:${labAddress(settings)}`]),
  ]);
  if (!existsSync(files.tokens)) {
    const tokens = Object.fromEntries(
      Object.keys(identities).map((name) => [name, randomBytes(24).toString("hex")]),
    );
    writeFileSync(files.tokens, JSON.stringify(tokens), { mode: 0o600 });
  }
  const tokens = readTokens(settings);
  const lines = Object.entries(identities).map(
    ([name, { user, groups }]) => `${tokens[name as Identity]},${user},${name},"${groups.join(",")}"\n`,
  );
  writeFileSync(files.tokenAuth, lines.join(""), { mode: 0o600 });
}

function readTokens(settings: LabSettings): Record<Identity, string> {
  return JSON.parse(readFileSync(pkiFiles(settings).tokens, "utf8")) as Record<Identity, string>;
}

/** Text of a kubeconfig with one cluster and one user, everything in it. */
export function kubeconfig(settings: LabSettings, server: string, identity: Identity): string {
  const ca = readFileSync(pkiFiles(settings).caCert).toString("base64");
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "lab",
      clusters: [{ name: "lab", cluster: { server, "certificate-authority-data": ca } }],
      contexts: [{ name: "lab", context: { cluster: "lab", user: identities[identity].user } }],
      users: [{ name: identities[identity].user, user: { token: readTokens(settings)[identity] } }],
    },
    undefined,
    2,
  )}\n`;
}

async function ensureAuthority(certificate: string, key: string, subject: string): Promise<void> {
  if (existsSync(certificate)) return;
  await newKey(key);
  await openssl([
    "req",
    "-x509",
    "-new",
    "-key",
    key,
    "-out",
    certificate,
    "-days",
    "3650",
    "-subj",
    subject,
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
  ]);
}

async function ensureCertificate(
  cert: string,
  key: string,
  settings: LabSettings,
  subject: string,
  names: readonly string[],
): Promise<void> {
  if (existsSync(cert)) return;
  const { caCert, caKey } = pkiFiles(settings);
  await newKey(key);
  const request = `${cert}.csr`;
  await openssl(["req", "-new", "-key", key, "-subj", subject, "-out", request]);
  const extensions = `${cert}.ext`;
  writeFileSync(extensions, `subjectAltName=${names.join(",")}\nextendedKeyUsage=serverAuth,clientAuth\n`);
  await openssl([
    "x509",
    "-req",
    "-in",
    request,
    "-CA",
    caCert,
    "-CAkey",
    caKey,
    "-CAcreateserial",
    "-days",
    "3650",
    "-extfile",
    extensions,
    "-out",
    `${cert}.new`,
  ]);
  // The certificate is what tells that both are there: it comes last, and whole.
  await run("mv", [`${cert}.new`, cert]);
}

async function newKey(file: string): Promise<void> {
  await openssl(["ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", file]);
}

async function openssl(args: readonly string[]): Promise<void> {
  await run("openssl", args);
}
