/**
 * Keystone's URL as the operator hands it to the registry: slashes too many are removed, and the version is added where
 * there is no path. Other paths it refuses (`operator-rules.ts`). Pure.
 */

/** Whether clients can ask it: Go takes `keystone.example:5000` for no URL, Node for one of a scheme of its own. */
export function isHttpUrl(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? "");
}

/** The path without slashes too many; empty for none, and for what is no such URL. */
export function keystonePath(url: string): string {
  return isHttpUrl(url) ? new URL(url).pathname.replace(/\/{2,}/g, "/").replace(/\/$/, "") : "";
}

/** `version`: the number alone. A URL with another path, and what is no URL, stays as it is. */
export function keystoneUrl(url: string, version: string): string {
  if (!isHttpUrl(url)) {
    return url;
  }
  const path = keystonePath(url);
  const { origin } = new URL(url);
  if (path === "") {
    return `${origin}/v${version}`;
  }
  return /^\/v[123]/.test(path) ? `${origin}${path}` : url;
}

/** As this program asks it: by version 3, also below another path, which only this machine may need. */
export function keystoneV3(url: string): string {
  const path = keystonePath(url);
  return isHttpUrl(url) ? `${new URL(url).origin}${path.replace(/\/v3$/, "")}/v3` : url;
}
