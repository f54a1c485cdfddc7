/**
 * What the registry makes of a value that the operator gives it as a variable: its configuration parser reads each as a
 * YAML document, by Go's `yaml.v2`. A password `0123456` becomes a number there, and the registry does not start, while
 * the operator itself and every OpenStack client sign in with it. Pure.
 *
 * Seen on distribution 2.8.2, with each of the values that the test names.
 */
import { isScalar, parseAllDocuments, Scalar } from "yaml";

/** Plain scalars that `yaml.v2` (resolve.go) reads as something else than text. */
const words =
  /^(~|null|Null|NULL|[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[+-]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const logical = /^(true|True|TRUE|false|False|FALSE)$/;
const integer = /^[+-]?(0x[0-9a-f]+|0o[0-7]+|0b[01]+|[0-9]+)$/i;
const decimal = /^[+-]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[+-]?[0-9]+)?$/i;

/** Whether the registry reads this value as the very text that it is; an empty one is none at all. */
export function readsAsText(value: string): boolean {
  const [document, ...more] = parseAllDocuments(value, { logLevel: "silent" });
  if (document === undefined || more.length > 0 || document.errors.length + document.warnings.length > 0) {
    return false;
  }
  const node = document.contents;
  if (!isScalar(node) || node.anchor !== undefined || node.tag !== undefined) {
    return false;
  }
  return node.type === Scalar.PLAIN && node.source === value && !isOther(value);
}

function isOther(plain: string): boolean {
  const digits = plain.replaceAll("_", "");
  return words.test(plain) || logical.test(plain) || integer.test(digits) || decimal.test(digits);
}
