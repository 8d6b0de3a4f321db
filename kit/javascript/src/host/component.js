// The host's functions, in a component.
export { environment, httpFetch, log, sleep } from "weld:connector/host@0.1.0";
