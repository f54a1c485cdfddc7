import type { ReachableObservation } from "../../cluster/observation";
import { podsToTry } from "../../components/trial-pods";
import { proven, settings, switched, untouched } from "../plan/observations";

const template = {
  metadata: { labels: { "docker-registry": "default" } },
  spec: { containers: [{ name: "registry", image: "r", env: [] }] },
};
const tried = (wanted: ReturnType<typeof settings>, seen: ReachableObservation) =>
  podsToTry(wanted, { seen, secretName: "s", template });
const kinds = (...of: Parameters<typeof tried>) => tried(...of).map(({ kind }) => kind);

test("migrate tries all that comes after the seal, each state its own", () => {
  expect(kinds(settings("migrate"), untouched)).toEqual([
    "mover",
    "back",
    "pull-check",
    "rehearsal",
    "registry",
  ]);
  expect(kinds(settings("migrate", { rehearse: "false" }), untouched)).not.toContain("rehearsal");
  expect(kinds(settings("migrate"), switched)).toEqual([]);
  expect(kinds(settings("switch"), proven)).toEqual(["pull-check", "registry"]);
  expect(kinds(settings("switch", { pullCheck: "0" }), proven)).toEqual(["registry"]);
  expect(kinds(settings("switch"), switched)).toEqual([]);
  expect(kinds(settings("abort"), switched)).toEqual(["back", "registry"]);
  expect(kinds(settings("abort"), proven)).toEqual(["registry"]);
  expect(kinds(settings("abort"), untouched)).toEqual([]);
  expect(kinds(settings("abort", { copyBack: "false", acceptLoss: "true" }), switched)).toEqual(["registry"]);
});

test("a migration Pod that runs has been let in, and a quota counts it already", () => {
  const pod = { name: "image-registry-migration-live", uid: "u", terminating: false };
  const running = { ...untouched, moverPods: [{ ...pod, phase: "Running" }] };
  expect(kinds(settings("migrate"), running)).toEqual(["pull-check", "rehearsal", "registry"]);
  expect(kinds(settings("migrate"), { ...untouched, moverPods: [{ ...pod, phase: "Succeeded" }] })).toContain(
    "mover",
  );
});

test("in shards: the Job and one of its Pods too, where they can be made at all", () => {
  const wide = settings("migrate", { shards: "4" });
  const claim = { ...untouched.claim!, accessModes: ["ReadWriteMany"], shared: true };
  expect(kinds(wide, untouched)).not.toContain("shards");
  expect(kinds(settings("migrate"), { ...untouched, claim })).not.toContain("shards");
  const found = tried(wide, { ...untouched, claim });
  expect(found.map(({ kind }) => kind)).toEqual([
    "mover",
    "shards",
    "shard",
    "back",
    "pull-check",
    "rehearsal",
    "registry",
  ]);
  const [job, pod] = found.slice(1).map((each) => each.pod as { metadata: object; spec: object });
  expect(job).toMatchObject({ kind: "Job", spec: { completions: 4, template: { spec: pod!.spec } } });
  expect(pod!.spec).toMatchObject({ restartPolicy: "Never" });
  expect(pod!.metadata).toMatchObject({ annotations: { "openshift.io/required-scc": "restricted-v2" } });
});

test("they are the Pods that will be made: SCC, placement and the registry's own template", () => {
  const [mover, , , rehearsal, second] = tried(settings("migrate", { scc: "anyuid" }), untouched);
  expect(mover?.pod).toMatchObject({
    metadata: { annotations: { "openshift.io/required-scc": "anyuid" } },
    spec: { securityContext: { runAsUser: 0 } },
  });
  expect(rehearsal?.pod).toMatchObject({ spec: { containers: [{ image: "r" }] } });
  expect(second?.pod).toMatchObject({ metadata: { labels: template.metadata.labels }, spec: template.spec });
});
