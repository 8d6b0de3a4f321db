// The host's functions outside of a component: those of the fake host whose call is running.

let current;

/** Sets the fake host that receives the calls; `undefined` removes it. */
export function use(host) {
  current = host;
}

export const isInUse = () => current !== undefined;

function host() {
  if (current === undefined) {
    throw new Error(
      "there is no host here: in a test, call the connector through `fakeHost` of weld-connector/testing",
    );
  }
  return current;
}

export const environment = () => host().environment();
export const httpFetch = (request) => host().httpFetch(request);
export const log = (level, message) => host().log(level, message);
export const sleep = (duration) => host().sleep(duration);
