// Finds the function of a module that answers requests, and the arguments that it is called with.

import { ConnectorError, describe } from "../errors.js";
import { registered } from "./functions-framework.js";

// The exports to prefer if there are several, in this order.
const USUAL = ["handler", "default", "main", "index"];

/** The function that answers requests, and its kind: "http" or "lambda". */
export function findEntry(module, { file, entry, kind }) {
  const exported = exportsOf(module);
  const name = entry ?? usual(exported, file);
  const framework = registered.get(name);
  if (framework !== undefined) {
    if (framework.signature !== "http") throw new ConnectorError(noHttp(file, name, framework.signature));
    return { handler: framework.handler, kind: kind ?? "http" };
  }
  const handler = exported.get(name);
  if (typeof handler !== "function") {
    const found = [...exported.keys(), ...registered.keys()];
    const others = found.length > 0 ? `; it exports ${found.join(", ")}` : "";
    throw new ConnectorError(
      handler === undefined
        ? `${file} exports no function ${name}${others}`
        : `${file} exports ${describe(handler)} as ${name}, not a function`,
    );
  }
  refuseApp(handler, file, name);
  return { handler, kind: kind ?? kindOf(handler, name) };
}

const noHttp = (file, name, signature) =>
  `${file}: ${name} is a function for ${signature}, which can't be served: Weld sends HTTP requests, so it must be ` +
  "registered with functions.http";

/**
 * Exports by name, including those of a default export that is an object. A module that is itself a function is
 * `default`.
 */
function exportsOf(module) {
  const found = new Map();
  if (typeof module === "function") found.set("default", module);
  const inner = module?.default;
  for (const object of [inner !== null && typeof inner === "object" ? inner : {}, module ?? {}]) {
    for (const name of Object.keys(object)) {
      if (name !== "__esModule" && (name !== "default" || typeof object[name] === "function"))
        found.set(name, object[name]);
    }
  }
  return found;
}

function usual(exported, file) {
  const http = [...registered.keys()];
  const names = [...exported].filter(([, value]) => typeof value === "function").map(([name]) => name);
  if (http.length === 1) return http[0];
  if (http.length === 0) {
    const known = USUAL.find((name) => names.includes(name));
    if (known !== undefined) return known;
    if (names.length === 1) return names[0];
    if (names.length === 0) {
      const wrong = exported.size > 0 ? `; its exports are not functions (${[...exported.keys()].join(", ")})` : "";
      throw new ConnectorError(
        `${file} has no function that answers requests: export one, or register one with functions.http${wrong}`,
      );
    }
  }
  const several = (http.length > 0 ? http : names).join(", ");
  throw new ConnectorError(`${file} has several functions that could answer requests: ${several}; choose one with --entry`);
}

function refuseApp(handler, file, name) {
  if (typeof handler.listen === "function" && typeof handler.use === "function") {
    throw new ConnectorError(
      `${file} exports an application as ${name}, which can't be served: export the function (req, res) that it routes to`,
    );
  }
}

/** The kind, by the usual names of the parameters, or else by their number. */
function kindOf(handler, name) {
  const [first = "", second = ""] = parametersOf(handler);
  if (/^_?(res|resp|response|reply)$/i.test(second)) return "http";
  if (/^_?(context|ctx|callback|cb)$/i.test(second) || /^_?(event|evt)$/i.test(first)) return "lambda";
  if (/^_?(req|request)$/i.test(first) && handler.length !== 1) return "http";
  if (handler.length === 2) return name === "handler" ? "lambda" : "http";
  if (handler.length === 0) return name === "handler" ? "lambda" : "http";
  return "lambda";
}

function parametersOf(handler) {
  const text = Function.prototype.toString.call(handler);
  const [, list, single] =
    /^(?:async\b\s*)?(?:function\b[^(]*)?(?:[\w$]+\s*)?\(([^)]*)\)|^(?:async\s+)?([\w$]+)\s*=>/.exec(text) ?? [];
  return (list ?? single ?? "").split(",").map((parameter) => /^\s*([\w$]*)/.exec(parameter)[1]);
}
