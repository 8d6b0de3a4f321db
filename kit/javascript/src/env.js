// The variables of the connector's configuration.

import { environment } from "#host";
import { Misconfigured } from "./errors.js";
import { requireRunning } from "./running.js";

/** All variables, in an object without a prototype. */
export function variables() {
  requireRunning("the environment");
  return Object.assign(Object.create(null), Object.fromEntries(environment()));
}

/**
 * The variable `name`. If it is empty or missing, returns the fallback; without a fallback, throws an error that says
 * where to set it.
 */
export function env(name, ...fallback) {
  const value = variables()[name];
  if (value !== undefined && value !== "") return value;
  if (fallback.length > 0) return fallback[0];
  throw new Misconfigured(`${name} is missing: set it in the section [env] of the connector's configuration`);
}
