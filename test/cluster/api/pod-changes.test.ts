import { podChanges } from "../../../cluster/api/pod-changes";

const container = {
  name: "copy",
  image: "a:1",
  command: ["node", "x.js"],
  resources: { requests: { cpu: "1000m" }, limits: { memory: "1024Mi" } },
  volumeMounts: [
    { name: "files", mountPath: "/files", readOnly: false },
    { name: "tmp", mountPath: "/tmp" },
  ],
};
const sent = {
  metadata: { generateName: "m-", labels: { app: "m" } },
  spec: {
    containers: [container],
    volumes: [
      { name: "files", persistentVolumeClaim: { claimName: "c", readOnly: false } },
      { name: "tmp", emptyDir: {} },
    ],
    tolerations: [{ operator: "Exists" }],
  },
};
/** As it comes back, with one change. */
const podWith = (spec: object, metadata: object = {}) => ({
  metadata: { ...sent.metadata, name: "m-abc", ...metadata },
  spec: { ...sent.spec, ...spec },
});
const containerWith = (change: object) => podWith({ containers: [{ ...container, ...change }] });
const none = { broken: [], changed: [] };

test("what an API server adds, leaves out or writes otherwise is no change", () => {
  const came = podWith({
    dnsPolicy: "ClusterFirst",
    containers: [
      {
        ...container,
        image: "mirror.example/a:1",
        terminationMessagePath: "/dev/termination-log",
        resources: { requests: { cpu: "1" }, limits: { memory: "1Gi" } },
        volumeMounts: [
          { name: "files", mountPath: "/files" },
          { name: "tmp", mountPath: "/tmp" },
          { name: "token", mountPath: "/var/run/secrets" },
        ],
      },
    ],
    volumes: [
      { name: "files", persistentVolumeClaim: { claimName: "c" } },
      { name: "tmp", emptyDir: {} },
    ],
    tolerations: [{ operator: "Exists" }, { key: "node.kubernetes.io/not-ready", operator: "Exists" }],
    initContainers: [{ name: "sidecar", restartPolicy: "Always" }],
  });
  expect(podChanges(sent, came, true)).toEqual(none);
});

test.each([
  [containerWith({ command: ["sh"] }), "spec.containers[copy].command"],
  [containerWith({ volumeMounts: [container.volumeMounts[1]] }), "volumeMounts[/files] is gone"],
  [podWith({ volumes: [sent.spec.volumes[0]] }), "spec.volumes[tmp] is gone"],
  [podWith({ containers: [container, { name: "mesh" }] }), "container mesh is added"],
])("what the Pod cannot work without breaks it: %#", (came, words) => {
  const { broken, changed } = podChanges(sent, came, true);
  expect(broken.join()).toContain(words);
  expect(changed).toEqual([]);
});

test("a container more does no harm to a Pod that is not to end by itself", () => {
  expect(podChanges(sent, podWith({ containers: [container, { name: "mesh" }] }), false)).toEqual(none);
});

test.each([
  [podWith({}, { labels: {} }), "metadata.labels.app is gone"],
  [podWith({ tolerations: [{ key: "a" }] }), "spec.tolerations[0] is gone"],
  [
    containerWith({ resources: { requests: { cpu: "1" }, limits: { memory: "128Mi" } } }),
    'limits.memory is another one (1024Mi becomes "128Mi")',
  ],
])("anything else is told: %#", (came, words) => {
  const { broken, changed } = podChanges(sent, came, true);
  expect(changed.join()).toContain(words);
  expect(broken).toEqual([]);
});

test("a LimitRange's default limit is told where it is small, and only where none was asked for", () => {
  const { resources: _none, ...bare } = container;
  const limited = (memory: string) =>
    podWith({ containers: [{ ...bare, resources: { limits: { memory } } }] });
  const unlimited = { ...sent, spec: { ...sent.spec, containers: [bare] } };
  expect(podChanges(unlimited, limited("100Mi"), true).changed.join()).toContain("100Mi is added");
  expect(podChanges(unlimited, limited("1Gi"), true)).toEqual(none);
});
