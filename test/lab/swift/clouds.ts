import { stringify } from "yaml";
import type { ApplicationCredential } from "./keystone";
import { identity, keystoneUrl, type SwiftSettings } from "./settings";

/** The clouds.yaml's clouds; the first is the cluster's own and bears OpenShift's name for it. */
export const cloudNames = ["openstack", "appcred", "appcred-name", "admin", "elsewhere", "reader"] as const;
export type CloudName = (typeof cloudNames)[number];

/** Text of a clouds.yaml with a password user, the same user's application credential, and others. */
export function cloudsYaml(
  settings: SwiftSettings,
  credential: ApplicationCredential,
  only?: readonly CloudName[],
): string {
  const auth_url = keystoneUrl(settings);
  const common = {
    region_name: identity.region,
    identity_api_version: 3,
    ...(settings.tls === undefined ? {} : { cacert: settings.tls.ca }),
  };
  const password = (who: { user: string; password: string; project: string }) => ({
    auth: {
      auth_url,
      username: who.user,
      password: who.password,
      project_name: who.project,
      user_domain_name: "Default",
      project_domain_name: "Default",
    },
    ...common,
  });
  const clouds: Record<CloudName, unknown> = {
    openstack: password(identity.openshift),
    appcred: {
      auth_type: "v3applicationcredential",
      auth: {
        auth_url,
        application_credential_id: credential.id,
        application_credential_secret: credential.secret,
      },
      ...common,
    },
    "appcred-name": {
      auth_type: "v3applicationcredential",
      auth: {
        auth_url,
        application_credential_name: credential.name,
        username: identity.openshift.user,
        user_domain_name: "Default",
        application_credential_secret: credential.secret,
      },
      ...common,
    },
    admin: password(identity.admin),
    elsewhere: password(identity.elsewhere),
    reader: password(identity.reader),
  };
  const chosen = only ?? cloudNames;
  return stringify({ clouds: Object.fromEntries(chosen.map((name) => [name, clouds[name]])) });
}
