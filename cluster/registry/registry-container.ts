/** The container of a registry Pod, or of its template, that is the registry; an admission may add others. Pure. */
export function registryContainer<T extends { readonly name?: unknown }>(
  containers: readonly T[],
): T | undefined {
  return containers.find((each) => each.name === "registry") ?? containers[0];
}
