/**
 * The guards: what must hold before anything is changed. Each says what is wrong, the value seen, what is accepted and
 * the next command; none stops at the first. docs/troubleshooting.md explains each by its id.
 */
export * from "./access";
export * from "./before";
export * from "./images";
export * from "./operator";
export * from "./outage";
export * from "./swift";
export * from "./volume";
