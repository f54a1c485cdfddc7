import { readdirSync } from "node:fs";
import { onPath } from "../../../e2e/support/parts";
import { Api } from "../../kube/api";
import { imageApiAway, imageApiBack } from "../../kube/image-api";
import { readRecord } from "../../record";
import { labAddress } from "../../settings";
import { registryUrl } from "../part";
import { describeRegistry, type Subject } from "./contract";

const dir = process.env["LAB_DIR"];
const record = dir === undefined ? undefined : readRecord(dir);
const kubernetes = record?.complete === true ? record.kubernetes : undefined;

function labSubject(): (() => Promise<Subject>) | undefined {
  if (record === undefined || kubernetes === undefined || record.settings.registry !== "openshift") {
    console.log(
      "skipped: the registry's contract needs a lab with --registry openshift: npm run lab -- up, and LAB_DIR naming its folder",
    );
    return undefined;
  }
  const api = new Api(kubernetes.kubeconfig);
  return async () => ({
    url: await registryUrl(record.settings),
    api,
    here: labAddress(record.settings),
    stored: async () => readdirSync(kubernetes.volume, { recursive: true, encoding: "utf8" }),
    imageApi: { away: () => imageApiAway(api), back: () => imageApiBack(api) },
  });
}

describeRegistry("the lab's registry", labSubject());

/**
 * OpenShift's own, as a process of this machine: whoever has its command on PATH says where it listens and which cluster
 * it asks, because it takes an image API server of its own.
 */
function ownSubject(): (() => Promise<Subject>) | undefined {
  const {
    OPENSHIFT_REGISTRY_URL: url,
    KUBECONFIG: kubeconfig,
    OPENSHIFT_REGISTRY_STORAGE: folder,
  } = process.env;
  if (
    onPath("dockerregistry") === undefined ||
    url === undefined ||
    kubeconfig === undefined ||
    folder === undefined
  ) {
    console.log(
      "skipped: OpenShift's own registry: dockerregistry is not on PATH, or OPENSHIFT_REGISTRY_URL, OPENSHIFT_REGISTRY_STORAGE " +
        "and KUBECONFIG do not name where it listens, its storage's folder and its cluster",
    );
    return undefined;
  }
  return async () => ({
    url,
    api: new Api(kubeconfig),
    here: "127.0.0.1",
    stored: async () => readdirSync(folder, { recursive: true, encoding: "utf8" }),
  });
}

describeRegistry("OpenShift's own registry", ownSubject());
