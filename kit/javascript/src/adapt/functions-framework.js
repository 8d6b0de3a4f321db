// `@google-cloud/functions-framework`, with which functions register themselves.

/** The registered functions by name, each with its signature. */
export const registered = new Map();

const register = (signature) => (name, handler) => {
  registered.set(String(name), { signature, handler });
};

export const http = register("http");
export const cloudEvent = register("cloud events");
export const typed = register("typed requests");
export default { cloudEvent, http, typed };
