// 64-bit random numbers outside of a component.
export const getRandomU64 = () => globalThis.crypto.getRandomValues(new BigUint64Array(1))[0];
