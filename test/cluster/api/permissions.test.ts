import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import {
  missingPermissions,
  permissionInWords,
  permissions,
  type Special,
} from "../../../cluster/api/permissions";
import { namespace, pullCheckName } from "../../../cluster/names";
import { permissionsManifest } from "../../../cluster/api/permissions-manifest";
import { FakeApi } from "../support/fake-api";

/** Answers what may be done, and keeps what was asked. */
class Reviews extends FakeApi {
  readonly asked: string[] = [];
  constructor(private readonly allowed: (resource: string) => boolean) {
    super();
  }
  override async create<T extends object>(_path: string, body: object): Promise<T> {
    const { verb, resource } = (body as { spec: { resourceAttributes: { verb: string; resource: string } } })
      .spec.resourceAttributes;
    this.asked.push(`${verb} ${resource}`);
    return { status: { allowed: this.allowed(resource) } } as unknown as T;
  }
}

test("docs/permissions.yaml grants exactly what the table asks for", () => {
  const written = readFileSync(join(__dirname, "../../../docs/permissions.yaml"), "utf8");
  expect(written).toBe(permissionsManifest());
});

test("what is lacking is named: verb, resource, namespace", () => {
  expect(
    permissionInWords({ verb: "patch", group: "imageregistry.operator.openshift.io", resource: "configs" }),
  ).toBe("patch configs.imageregistry.operator.openshift.io (cluster-wide)");
  expect(
    permissionInWords({
      verb: "get",
      group: "",
      resource: "pods",
      subresource: "log",
      namespace: "openshift-image-registry",
    }),
  ).toBe("get pods/log in openshift-image-registry");
});

test("each is asked for by its state; what is optional is not", async () => {
  const reviews = new Reviews((resource) => resource !== "imagepruners");
  const { asked } = reviews;
  const missing = await missingPermissions(reviews, "migrate");
  expect(missing.map(permissionInWords)).toEqual([
    "get imagepruners.imageregistry.operator.openshift.io (cluster-wide)",
    "patch imagepruners.imageregistry.operator.openshift.io (cluster-wide)",
  ]);
  expect(asked).not.toContain("delete persistentvolumeclaims");
  expect(asked).not.toContain("list events");
  asked.length = 0;
  await missingPermissions(reviews, "switch");
  expect(asked).toContain("delete persistentvolumeclaims");
  const always = permissions.filter((each) => each.optional !== true && each.only === undefined);
  expect(asked.length).toBe(always.length);
});

test("the SCC anyuid is asked for only where the Pod is to run as root", async () => {
  const nothing = new Reviews(() => false);
  const asked = (scc: boolean, state: "migrate" | "switch") =>
    missingPermissions(nothing, state, scc ? ["anyuid"] : []).then((missing) =>
      missing.map(permissionInWords),
    );
  const use = 'use securitycontextconstraints.security.openshift.io "anyuid" in openshift-image-registry';
  expect(await asked(true, "migrate")).toContain(use);
  expect(await asked(false, "migrate")).not.toContain(use);
  // No migration Pod is left then.
  expect(await asked(true, "switch")).not.toContain(use);
});

describe("the pull check", () => {
  const nothing = new Reviews(() => false);
  const asked = async (specials: readonly Special[]) =>
    (await missingPermissions(nothing, "switch", specials)).map(permissionInWords);

  test("asks for its rights where there is one only, and for none to make tokens", async () => {
    const list = "list imagestreams.image.openshift.io (cluster-wide)";
    expect(await asked([])).not.toContain(list);
    expect(await asked(["pull-check"])).toContain(list);
    expect((await asked(["pull-check", "pull-account"])).join()).not.toContain("token");
    expect(permissionsManifest()).not.toContain("serviceaccounts/token");
  });

  test("pulls as an account that the file makes: who makes one at run time needs rights that the file does not grant", async () => {
    const make = "create clusterrolebindings.rbac.authorization.k8s.io (cluster-wide)";
    expect(await asked(["pull-check"])).not.toContain(make);
    expect(await asked(["pull-check", "pull-account"])).toContain(make);
    expect(permissionsManifest()).not.toContain("- clusterrolebindings");
    const documents = parseAllDocuments(permissionsManifest()).map((each) => each.toJS() as object);
    expect(documents).toContainEqual(
      expect.objectContaining({
        kind: "ClusterRoleBinding",
        roleRef: expect.objectContaining({ name: "system:image-puller" }) as object,
        subjects: [{ kind: "ServiceAccount", name: pullCheckName, namespace }],
      }),
    );
  });
});

test("no message and no page tells anyone to print a secret", () => {
  const root = join(__dirname, "../../..");
  const files = ["cluster", "components", "config", "docs", "migrator", "plan", "swift"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const printing =
    /secrets?[\s/]+\S+ -o ?(yaml|json)|extract secret|\bsecret\b.*base64 (-d|--decode)|get secrets? -o/;
  const found = [...files, "README.md"]
    .filter((name) => /\.(ts|md|yaml)$/.test(name))
    .flatMap((name) =>
      readFileSync(join(root, name), "utf8")
        .split("\n")
        .filter((line) => printing.test(line))
        .map((line) => `${name}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});

test("docs/permissions.yaml grants it by its last part alone, which is commented out", () => {
  const text = permissionsManifest();
  const roles = (yaml: string) =>
    parseAllDocuments(yaml)
      .map((each) => each.toJS() as { metadata: { name: string }; rules?: { resources: string[] }[] })
      .filter((each) => JSON.stringify(each.rules ?? []).includes("securitycontextconstraints"))
      .map((each) => each.metadata.name);
  expect(roles(text)).toEqual([]);
  const granted = text.replaceAll(/^#(?! )|^#(?= {2})/gm, "");
  expect(roles(granted)).toEqual(["image-registry-swift-anyuid"]);
});
