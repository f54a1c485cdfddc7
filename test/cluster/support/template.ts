/** The operator's Deployment of a registry that is on Swift, with the parts that matter to Pods made from it. */
export const fromSwift = {
  metadata: { labels: { "docker-registry": "default" } },
  spec: {
    serviceAccountName: "registry",
    affinity: { podAffinity: {} },
    securityContext: { fsGroup: 1000620000 },
    containers: [
      {
        name: "registry",
        image: "registry:1",
        env: [
          { name: "REGISTRY_STORAGE", value: "swift" },
          { name: "REGISTRY_STORAGE_SWIFT_CONTAINER", value: "c" },
          {
            name: "REGISTRY_STORAGE_SWIFT_PASSWORD",
            valueFrom: { secretKeyRef: { name: "image-registry-private-configuration", key: "p" } },
          },
          { name: "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR", value: "inmemory" },
          { name: "HTTPS_PROXY", value: "http://proxy" },
        ],
        volumeMounts: [{ name: "registry-certificates", mountPath: "/etc/pki/ca-trust/source/anchors" }],
        readinessProbe: { httpGet: { path: "/healthz", port: 5000 }, initialDelaySeconds: 15 },
        lifecycle: { preStop: {} },
      },
    ],
    volumes: [{ name: "registry-certificates", configMap: { name: "image-registry-certificates" } }],
  },
};
