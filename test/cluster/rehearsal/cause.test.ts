import { causeOf, withoutValues } from "../../../cluster/rehearsal/cause";

/** Lines as distribution's Swift driver, Go's TLS and HTTP, and the registry's panic write them. */
test.each([
  ["sign-in", "panic: Swift authentication failed: HTTP Error: 401: 401 Unauthorized"],
  ["sign-in", 'level=fatal msg="configuring application: Authorization Failed"'],
  ["sign-in", "panic: swift: Can't find authentication endpoint"],
  [
    "trust",
    "panic: Swift authentication failed: Post https://k/v3/auth/tokens: x509: certificate signed by unknown authority",
  ],
  ["trust", "storage: tls: failed to verify certificate: x509: certificate has expired or is not yet valid"],
  [
    "proxy",
    "Swift authentication failed: Post https://k/v3/auth/tokens: proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused",
  ],
  [
    "connection",
    "Swift authentication failed: Post https://keystone.example/v3/auth/tokens: dial tcp: lookup keystone.example: no such host",
  ],
  ["connection", "panic: Swift authentication failed: dial tcp 10.0.0.1:5000: i/o timeout"],
  ["settings", "* 'Password' expected type 'string', got unconvertible type 'int', value: '12345'"],
  ["settings", "configuration error: error parsing /config.yml: yaml: unknown anchor 'geheim' referenced"],
  ["settings", "panic: no password parameter provided"],
  ["busy", "panic: failed to retrieve info about container c (HTTP Error: 503: 503 Service Unavailable)"],
  ["container", "panic: Failed to retrieve info about container c (Container Not Found)"],
  ["other", "exec /usr/bin/dockerregistry: no such file or directory"],
  ["other", ""],
])("%s: %s", (cause, line) => {
  expect(causeOf(line)).toBe(cause);
});

test("invariant 8: a value that the registry quotes is left out", () => {
  const said = "'Password' expected type 'string', got unconvertible type 'int', value: '12345'";
  expect(withoutValues(said)).toBe(
    "'Password' expected type 'string', got unconvertible type 'int', value: ...",
  );
  expect(withoutValues("yaml: unknown anchor 'geheim' referenced")).toBe(
    "yaml: unknown anchor ... referenced",
  );
});
