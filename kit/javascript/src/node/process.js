// Node's `process`, of which a connector has its variables.

const { process } = globalThis;
export const { nextTick, platform, version, versions } = process;
export default process;
