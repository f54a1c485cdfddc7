/** A requirement of Kubernetes' selectors (`matchExpressions`), of whatever it is asked. Pure. */
export interface Requirement {
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Whether a value meets it; `undefined`: there is none. No value meets an operator that Kubernetes does not have. */
export function meets(value: string | undefined, { operator, values = [] }: Requirement): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
