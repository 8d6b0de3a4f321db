// Whether a call of the host is under way. A component is built from the memory of a connector that has loaded its
// modules: what they do then, they do at build time, where there is neither host nor environment.

let running = false;
let start = Date.now();

export const isRunning = () => running;

/** When the call began, or the module was loaded, in milliseconds since 1970. */
export const startOfCall = () => start;

export function setRunning(value) {
  running = value;
  if (value) start = Date.now();
}

/** Complains where `what` is used while modules load. */
export function requireRunning(what) {
  if (!running) {
    throw new Error(
      `${what} can't be used while modules load, which happens once, when the connector is built: ` +
        "use it inside of schema and fetchPage",
    );
  }
}
