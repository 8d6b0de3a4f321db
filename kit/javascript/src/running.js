// Whether a call of the host is running. A component starts from the memory of a connector whose modules have loaded.
// Code at the top of a module therefore runs at build time, when there is no host and no environment.

let running = false;
let start = Date.now();

export const isRunning = () => running;

/** When the call began or, outside of a call, when the module was loaded, in milliseconds since 1970. */
export const startOfCall = () => start;

export function setRunning(value) {
  running = value;
  if (value) start = Date.now();
}

/** Throws if `what` is used while modules load. */
export function requireRunning(what) {
  if (!running) {
    throw new Error(
      `${what} can't be used while modules load, since they load when the connector is built: ` +
        "use it in schema or fetchPage",
    );
  }
}
