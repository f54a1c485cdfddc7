/**
 * The guards: what must hold before anything is changed. Each says what is wrong with the value seen, what is accepted,
 * and the next command. All of them are asked, so that a user sees every problem at once. docs/troubleshooting.md
 * explains each message by its id.
 */
export * from "./access";
export * from "./images";
export * from "./operator";
export * from "./outage";
export * from "./pods";
export * from "./previous";
export * from "./quota";
export * from "./swift";
export * from "./volume";
