import { readFileSync } from "node:fs";
import { join } from "node:path";
import { missingPermissions, permissionInWords, permissions } from "../../cluster/permissions";
import { permissionsManifest } from "../../cluster/permissions-manifest";
import { FakeApi } from "./support/fake-api";

test("docs/permissions.yaml grants exactly what the table asks for", () => {
  const written = readFileSync(join(__dirname, "../../docs/permissions.yaml"), "utf8");
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
  const asked: string[] = [];
  class Reviews extends FakeApi {
    override async create<T extends object>(_path: string, body: object): Promise<T> {
      const { verb, resource } = (
        body as { spec: { resourceAttributes: { verb: string; resource: string } } }
      ).spec.resourceAttributes;
      asked.push(`${verb} ${resource}`);
      return { status: { allowed: resource !== "imagepruners" } } as unknown as T;
    }
  }
  const missing = await missingPermissions(new Reviews(), "migrate");
  expect(missing.map(permissionInWords)).toEqual([
    "get imagepruners.imageregistry.operator.openshift.io (cluster-wide)",
    "patch imagepruners.imageregistry.operator.openshift.io (cluster-wide)",
  ]);
  expect(asked).not.toContain("delete persistentvolumeclaims");
  expect(asked).not.toContain("list events");
  asked.length = 0;
  await missingPermissions(new Reviews(), "switch");
  expect(asked).toContain("delete persistentvolumeclaims");
  expect(asked.length).toBe(permissions.filter((each) => each.optional !== true).length);
});
