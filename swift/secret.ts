import { readFileSync } from "node:fs";
import type { SecretSource } from "./settings";
import { CloudError, messageOf } from "./errors";
import { readYamlText } from "./yaml-text";

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
      let clouds: unknown;
      try {
        clouds = (readYamlText(read(source.path)) as { clouds?: Record<string, unknown> } | undefined)
          ?.clouds;
      } catch (error) {
        if (error instanceof CloudError) throw error;
        // The parser's message quotes the line, which may be the password's.
        throw new CloudError("usage", `${source.path} is not YAML`);
      }
      const auth = (clouds as Record<string, { auth?: Record<string, unknown> }> | undefined)?.[source.cloud]
        ?.auth;
      const secret = auth?.["application_credential_secret"] ?? auth?.["password"];
      if (typeof secret !== "string")
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
