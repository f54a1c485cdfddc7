import type { ServicePort } from "./rules";

/** What is read of a Service. */
export interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  };
}

/** What is read of an EndpointSlice. */
export interface EndpointSlice {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly addressType: string;
  readonly endpoints?:
    | readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[]
    | null;
  readonly ports?:
    readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[] | null;
}

const serviceLabel = "kubernetes.io/service-name";

/** Every port of every Service that has an address, with the endpoints that are ready. */
export function servicePorts(services: readonly Service[], slices: readonly EndpointSlice[]): ServicePort[] {
  return services.filter(hasAddress).flatMap((service) => {
    const own = slicesOf(service, slices);
    return (service.spec.ports ?? []).flatMap(({ name, port, protocol = "TCP" }): ServicePort[] => {
      if (protocol !== "TCP" && protocol !== "UDP") return [];
      const endpoints = own.flatMap((slice) => {
        const target = slice.ports?.find((candidate) => (candidate.name ?? "") === (name ?? ""))?.port;
        return target === undefined ? [] : ready(slice).map((address) => ({ address, port: target }));
      });
      return [{ clusterIp: service.spec.clusterIP ?? "", protocol, port, endpoints }];
    });
  });
}

/** `<service>.<namespace>.svc[.cluster.local]`, as in a cluster; undefined: no such name. */
export function nameLookup(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  name: string,
): readonly string[] | undefined {
  const match = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?\.?$/.exec(name);
  const service = services.find(
    ({ metadata }) => metadata.name === match?.[1] && metadata.namespace === match[2],
  );
  if (service === undefined) return undefined;
  return hasAddress(service) ? [service.spec.clusterIP ?? ""] : slicesOf(service, slices).flatMap(ready);
}

function hasAddress(service: Service): boolean {
  return /^\d+\./.test(service.spec.clusterIP ?? "");
}

function slicesOf(service: Service, slices: readonly EndpointSlice[]): EndpointSlice[] {
  const { name, namespace } = service.metadata;
  return slices.filter(
    ({ metadata, addressType }) =>
      addressType === "IPv4" && metadata.namespace === namespace && metadata.labels?.[serviceLabel] === name,
  );
}

function ready(slice: EndpointSlice): string[] {
  return (slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses.slice(0, 1));
}
