/**
 * A Kubernetes quantity (`100Gi`, `500m`, `1e3`) as a number: bytes, CPUs, whatever it counts; `undefined` when it is
 * none. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(?:([KMGTPE]i|[numkMGTPE])|[eE](\d+))?$/.exec(text ?? "");
  if (match === null) {
    return undefined;
  }
  const [, number, suffix, exponent] = match;
  return Number(number) * (exponent === undefined ? scales[suffix ?? ""]! : 10 ** Number(exponent));
}

const scales: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
