import type { ResolvedCloud } from "../../cluster/cloud/cloud";

/** A cloud as the resolver answers it, with this password. */
export function cloudWith(secret: string): ResolvedCloud {
  return {
    ok: true,
    source: "secret installer-cloud-credentials",
    secretName: "installer-cloud-credentials",
    pod: {
      authUrl: "https://keystone.example/v3",
      auth: {
        type: "password",
        username: "u",
        userDomainName: "Default",
        projectName: "p",
        secret: { kind: "clouds", path: "/etc/openstack/clouds.yaml", cloud: "openstack" },
      },
    },
    workstation: {
      authUrl: "https://keystone.example/v3",
      auth: { type: "password", username: "u", secret: { kind: "value", value: secret } },
    },
    workstationCa: [],
    provider: {
      authUrl: "https://keystone.example/v3",
      userName: "u",
      password: secret,
      userDomainName: "Default",
      tenantName: "p",
    },
    patch: {},
    ca: { source: "system" },
  };
}
