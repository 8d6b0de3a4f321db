// Random numbers of 64 bits, in a component.
export { getRandomU64 } from "wasi:random/random@0.2.0";
