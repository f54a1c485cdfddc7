/**
 * The lab as the scenarios need it: where it is, what it is made of, and the levers they pull.
 */
import type { CutOff } from "./cut";
import type { Config } from "./pulumi";
import type { Pushed, RegistryAddress } from "./registry";

export interface LabShape {
  readonly nodes: number;
  readonly release: string;
}

export interface Lab {
  /** Folder of this lab. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly registry: RegistryAddress;
  /** The user of the cluster's secret. */
  readonly cloud: {
    readonly auth: Readonly<Record<string, string>>;
    readonly auth_type?: string | undefined;
    readonly ca?: string | undefined;
  };
  /** The same cloud by its application credential, as a clouds.yaml; absent where the lab has none. */
  readonly applicationCredentialClouds?: string;
  /** Host and port of Swift, as the catalog has it. */
  readonly swiftAddress: string;
  readonly infrastructureName: string;
  readonly claim: string;
  /** Folder of the claim's volume on this machine. */
  readonly volume: string;
  readonly nodes: number;
  readonly operator: "stand-in" | "real";
  /** Release of OpenShift that the cluster says it is of; a stand-in operator behaves like that release's. */
  readonly release: string;
  /** An image with Node.js that is on every node. */
  readonly image: string;
  /** What a stack must say to work on this lab. */
  readonly stackConfig: Config;
  /** Every secret of this lab: none of them may show up anywhere. */
  readonly secrets: readonly string[];
  /** The kubeconfig, as text, with this bearer token instead of the administrator's certificate. */
  kubeconfigWithToken(token: string): string;
  /** The seed's images. */
  images(): Promise<readonly Pushed[]>;
  /** Ends the operator's process. */
  killOperator(): Promise<void>;
  /** Stops every kubelet, or that of one node, for a while (SIGSTOP); answers what lets them go on. */
  holdKubelets(node?: string): () => void;
  /**
   * From here on Pods cannot reach Swift, with "everybody" neither can the operator and the program, with "redirects" the
   * registry still can, and whoever follows its redirects cannot.
   */
  cutSwift(who?: CutOff): Promise<void>;
  /** They can again. */
  joinSwift(): Promise<void>;
  /** From here on nobody reaches the API server, as while it restarts; the suite's own questions neither. */
  cutApiServer(): Promise<void>;
  /** They can again. */
  joinApiServer(): Promise<void>;
  /** Starts it where it does not run. */
  ensureOperator(): Promise<void>;
  /** A settings file of the mover, written into `folder`: it would copy this volume into that container. */
  moverSettings(folder: string, mode: "copy" | "finish", container: string): string;
  /** The same lab with other nodes or of another release; objects of the cluster stay. */
  reshaped(shape: LabShape): Promise<Lab>;
  down(): Promise<void>;
}
