/**
 * docs/permissions.yaml from the table in permissions.ts. Print it with:
 * `node -r ./scripts/typescript.js cluster/api/permissions-manifest.ts > docs/permissions.yaml`
 */
import { stringify } from "yaml";
import { accountObjects } from "../pull-check/account";
import { type Permission, permissions } from "./permissions";
import { defined } from "../../swift/defined";

const roleName = "image-registry-swift";
const subject = { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "REPLACE-ME" };

/**
 * One ClusterRole for what is cluster-wide, one Role and binding for each namespace, and the pull check's account. The
 * right to run a Pod as root is commented out, at the end, for those who need it. The right to make the account at run
 * time is left out, because the file makes the account.
 */
export function permissionsManifest(table: readonly Permission[] = permissions): string {
  const granted = table.filter((each) => each.only !== "pull-account");
  const [forAll, forRoot] = [false, true].map((root) =>
    documentsOf(
      granted.filter((each) => (each.only === "anyuid") === root),
      root ? `${roleName}-anyuid` : roleName,
    ),
  ) as [string, string];
  const { account, binding } = accountObjects();
  const forPulls = yaml([account, binding]);
  const commented = `---\n${forRoot}`.trimEnd().replaceAll(/^/gm, "#");
  const root = forRoot === "" ? "" : `\n${aboutRoot}\n${commented}\n`;
  return `${head}\n${forAll}---\n${aboutPulls}\n${forPulls}${root}`;
}

const head = [
  "# What `pulumi up` needs, for an administrator who is not cluster-admin. Replace REPLACE-ME with the user's name,",
  "# then: oc apply -f docs/permissions.yaml",
  "# Made from cluster/api/permissions.ts; a unit test compares the two.",
  "#",
  "# Give it to nobody whom you would not make cluster-admin: `create pods` in openshift-image-registry lets its user run",
  "# a Pod as any ServiceAccount of that namespace. Its registry account reads and replaces every image; its operator",
  "# account (cluster-image-registry-operator) reads every Secret and creates Pods in every namespace. What the file saves",
  "# is accidents, and tracks: the user's own requests reach no other namespace's Secrets, Pods or tokens.",
].join("\n");

const aboutPulls = [
  "# Who pulls in the pull check (`pullCheck` above 0): may read image layers, and nothing else. Its Pod has the token from",
  "# the kubelet; the user needs no right to make tokens.",
].join("\n");

const aboutRoot = [
  "# Only for `pulumi config set scc anyuid`, the migration Pod that runs as root. It lets the user run any Pod of this",
  "# namespace as root; to grant it, take the first # of each line away:",
].join("\n");

function documentsOf(table: readonly Permission[], name: string): string {
  const namespaces = [...new Set(table.map((each) => each.namespace))].toSorted((a, b) =>
    (a ?? "").localeCompare(b ?? ""),
  );
  const documents = namespaces.flatMap((namespace) => {
    const rules = rulesOf(table.filter((each) => each.namespace === namespace));
    const kind = namespace === undefined ? "ClusterRole" : "Role";
    const metadata = { name, ...defined({ namespace }) };
    return [
      { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata, rules },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
        subjects: [subject],
      },
    ];
  });
  return yaml(documents);
}

function yaml(documents: readonly object[]): string {
  return documents
    .map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");
}

/** Verbs of one resource in one rule. */
function rulesOf(table: readonly Permission[]): readonly object[] {
  const rules = new Map<
    string,
    { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }
  >();
  for (const each of table) {
    const resource = each.subresource === undefined ? each.resource : `${each.resource}/${each.subresource}`;
    const key = [each.group, resource, each.name ?? ""].join("|");
    const rule = rules.get(key) ?? {
      apiGroups: [each.group],
      resources: [resource],
      ...(each.name === undefined ? {} : { resourceNames: [each.name] }),
      verbs: [],
    };
    rules.set(key, {
      ...rule,
      verbs: rule.verbs.includes(each.verb) ? rule.verbs : [...rule.verbs, each.verb],
    });
  }
  return [...rules.values()];
}

if (require.main === module) {
  process.stdout.write(permissionsManifest());
}
