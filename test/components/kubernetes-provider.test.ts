import { Provider } from "@pulumi/kubernetes/provider";
import {
  kubernetesArgs,
  kubernetesProvider,
  kubernetesVariables,
} from "../../components/kubernetes-provider";
import { declare, secretValue } from "./mocks";

const cluster = { content: "kind: Config", identifier: "lab-x7k2p" };

/** A workstation that wants other behaviour, in every way the provider's package knows. */
const misleading: Readonly<Record<string, string>> = {
  KUBECONFIG: "/elsewhere",
  PULUMI_K8S_DELETE_UNREACHABLE: "true",
  PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "false",
  PULUMI_K8S_ENABLE_PATCH_FORCE: "true",
  PULUMI_K8S_ENABLE_SECRET_MUTABLE: "false",
  PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY: "false",
  PULUMI_K8S_SKIP_UPDATE_UNREACHABLE: "true",
  PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS: "false",
  PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS: "false",
  PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "false",
};
const before = process.env;
afterEach(() => {
  process.env = before;
});

async function inputsUnder(environment: Readonly<Record<string, string>>) {
  process.env = { ...before, ...environment };
  const { recorded } = await declare(() => kubernetesProvider(cluster));
  return recorded.get("kubernetes").inputs;
}

test("no variable of the workstation changes what the provider does", async () => {
  const clean = await inputsUnder({});
  expect(await inputsUnder(misleading)).toEqual(clean);
  expect(clean).toMatchObject({ enableServerSideApply: "true", deleteUnreachable: "false" });
});

test("the provider has the very text that the cluster was read with, as a secret, and one word for the cluster", async () => {
  const inputs = await inputsUnder({});
  expect(secretValue(inputs["kubeconfig"])).toBe("kind: Config");
  expect(inputs["clusterIdentifier"]).toBe("lab-x7k2p");
});

test("every argument that the provider's package would fill in is given", async () => {
  process.env = { ...before, ...misleading };
  const { recorded } = await declare(() => new Provider("kubernetes", {}));
  const filledIn = Object.keys(recorded.get("kubernetes").inputs);
  expect(filledIn.length).toBeGreaterThan(5);
  const given = Object.keys(kubernetesArgs(cluster));
  expect(filledIn.filter((name) => !given.includes(name))).toEqual([]);
});

test("the one variable that no argument overrides is named, so that the plan refuses it", () => {
  expect(kubernetesVariables({ PULUMI_K8S_AWAIT_ALL: "true", ...misleading })).toEqual([
    "PULUMI_K8S_AWAIT_ALL",
  ]);
  expect(kubernetesVariables(misleading)).toEqual([]);
});
