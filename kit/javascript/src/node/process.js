// The part of Node's `process` that a connector has, mainly its variables.

const { process } = globalThis;
export const { nextTick, platform, version, versions } = process;
/** The variables at the time they are read. */
export const env = new Proxy(
  {},
  {
    get: (_, name) => process.env[name],
    set: (_, name, value) => Reflect.set(process.env, name, String(value)),
    has: (_, name) => name in process.env,
    deleteProperty: (_, name) => Reflect.deleteProperty(process.env, name),
    ownKeys: () => Reflect.ownKeys(process.env),
    getOwnPropertyDescriptor: (_, name) => {
      const value = process.env[name];
      return value === undefined ? undefined : { value, configurable: true, enumerable: true, writable: true };
    },
  },
);
export default process;
