/**
 * Whether an address begins with a scheme and `://`: a letter, then letters, digits, `+`, `-` and `.` (RFC 3986, 3.1). Go
 * programs take a proxy or a server of a kubeconfig without one, so that `proxy:3128` is a host and its port.
 */
export function hasScheme(address: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
}
