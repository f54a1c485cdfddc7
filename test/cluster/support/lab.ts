/** The lab's cluster for tests, or the reason why there is none. */
import { readFileSync } from "node:fs";
import type { KubeConfig } from "@kubernetes/client-node";
import { Agent } from "undici";
import { type Api, apiFor } from "../../../cluster/api/api";
import { readRecord } from "../../lab/record";

interface KubeFile {
  readonly clusters: readonly { cluster: { server: string; "certificate-authority-data"?: string } }[];
  readonly users: readonly { user: { token?: string } }[];
}

export interface LabKube {
  readonly kube: KubeConfig;
  readonly api: Api;
  /** The same server, as somebody else. */
  readonly as: (login: Login) => Api;
}

interface Login {
  readonly token?: string;
  readonly server?: string;
}

/** `undefined`, with one line said, when no lab is named or it is not complete. */
export function labKube(what: string): LabKube | undefined {
  const dir = process.env["LAB_DIR"];
  const record = dir === undefined ? undefined : readRecord(dir);
  if (record?.complete !== true || record.kubernetes === undefined) {
    console.log(`skipped: ${what}; it needs a lab: npm run lab -- up, and LAB_DIR naming its folder`);
    return undefined;
  }
  // The lab writes its kubeconfig as JSON.
  const file = JSON.parse(readFileSync(record.kubernetes.kubeconfig, "utf8")) as KubeFile;
  const cluster = file.clusters[0]?.cluster;
  const user = file.users[0]?.user;
  const pem = (data: string | undefined) =>
    data === undefined ? undefined : Buffer.from(data, "base64").toString();
  const ca = pem(cluster?.["certificate-authority-data"]);
  const login = (given: Login) => {
    const token = given.token ?? user?.token;
    const dispatcher = new Agent({ connect: ca === undefined ? {} : { ca } });
    // What apiFor() uses of the client library's class, which jest could only load with a flag.
    return {
      getCurrentCluster: () => ({ server: given.server ?? cluster?.server ?? "" }),
      applySecurityAuthentication: async (request: {
        setHeaderParam(name: string, value: string): void;
        setDispatcher(dispatcher: Agent): void;
      }) => {
        if (token !== undefined) {
          request.setHeaderParam("authorization", `Bearer ${token}`);
        }
        request.setDispatcher(dispatcher);
      },
    } as unknown as KubeConfig;
  };
  const kube = login({});
  return { kube, api: apiFor(kube), as: (given) => apiFor(login(given)) };
}
