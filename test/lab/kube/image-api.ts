/** The image API taken away, as when OpenShift's own API server is: the API server answers 503 for its group. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api";

const path = "/apis/apiregistration.k8s.io/v1/apiservices/v1.image.openshift.io";
const group = "/apis/image.openshift.io/v1/imagestreams";
/** By it kube-apiserver keeps the object as the definition of ImageStreams wants it. */
const managed = "kube-aggregator.kubernetes.io/automanaged";

/** Until `imageApiBack`. */
export async function imageApiAway(api: Api): Promise<void> {
  const service = { namespace: "openshift-apiserver", name: "api", port: 443 };
  await api.call(
    "PATCH",
    path,
    { metadata: { labels: { [managed]: null } }, spec: { service, insecureSkipTLSVerify: true } },
    "application/merge-patch+json",
  );
  await until(api, false);
}

export async function imageApiBack(api: Api): Promise<void> {
  await api.call(
    "PATCH",
    path,
    { metadata: { labels: { [managed]: "true" } }, spec: { service: null, insecureSkipTLSVerify: null } },
    "application/merge-patch+json",
  );
  await until(api, true);
}

async function until(api: Api, wanted: boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answers = await api.call("GET", group).then(
      () => true,
      () => false,
    );
    if (answers === wanted) return;
    if (Date.now() > deadline)
      throw new Error(`${group} ${wanted ? "does not answer" : "still answers"} after 60 s`);
    await sleep(200);
  }
}
