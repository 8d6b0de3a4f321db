// 64-bit random numbers in a component.
export { getRandomU64 } from "wasi:random/random@0.2.0";
