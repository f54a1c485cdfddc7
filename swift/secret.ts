import { readFileSync } from "node:fs";
import { fieldsOf, findCloudOfAny } from "./cloud-fields";
import type { SecretSource } from "./settings";
import { CloudError, messageOf } from "./errors";

/**
 * Reads a password or application credential secret. Called again at each renewal of a token, so that
 * credentials may be rotated under a running mover. The value goes nowhere but into Keystone's request.
 */
export function readSecret(source: SecretSource): string {
  switch (source.kind) {
    case "value":
      return source.value;
    case "file":
      return read(source.path).replace(/\r?\n$/, "");
    case "clouds": {
      const cloud = findCloudOfAny(read(source.path), source.cloud);
      if (!cloud.found && cloud.why === "no-yaml")
        throw new CloudError("usage", `${source.path} cannot be read: ${cloud.what}`);
      const fields = cloud.found ? fieldsOf(cloud.entry) : {};
      const secret = fields.application_credential_secret ?? fields.password;
      if (secret === undefined)
        throw new CloudError("usage", `${source.path}: cloud "${source.cloud}" has no password or secret`);
      return secret;
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CloudError("usage", `cannot read the credentials: ${messageOf(error)}`);
  }
}
