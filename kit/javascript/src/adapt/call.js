// One request to the function, on either of the platforms that it may be written for.

import { Misconfigured } from "../errors.js";
import { findEntry } from "./entry.js";
import { keysOf } from "./keys.js";
import { callLambda } from "./lambda.js";
import { fetch } from "./fetch.js";
import { afterAnswer } from "./problems.js";
import { enterEnvironment } from "./process.js";
import { FunctionRequest } from "./request.js";
import { FunctionResponse } from "./response.js";
import { installTimers } from "./timers.js";
import { forgetRequests } from "../requests-sent.js";

/**
 * Sends a request from Weld to the function. Returns the response: its status and headers, and its body as a text or a
 * value.
 */
export async function ask(target, { method, path, body }) {
  enterEnvironment();
  globalThis.fetch = fetch;
  installTimers();
  forgetRequests();
  const { headers, query } = keysOf(target.keys);
  const { handler, kind } = findEntry(loaded(target), target);
  const message = { method, path, query, body, headers: headersOf(headers, body) };
  return kind === "lambda" ? callLambda(handler, message, target.place) : callHttp(handler, message);
}

function headersOf(keys, body) {
  const headers = {
    accept: "*/*",
    ...keys,
    "content-type": "application/json",
    host: "localhost",
    "user-agent": "Weld",
  };
  if (body !== undefined) headers["content-length"] = String(new TextEncoder().encode(body).length);
  return headers;
}

// Loads the function's own modules, which may read variables while they load.
function loaded({ load, file, variables }) {
  try {
    return load();
  } catch (error) {
    const missing = variables.filter((name) => process.env[name] === undefined);
    if (!(error instanceof TypeError) || missing.length === 0) throw error;
    const names = missing.join(", ");
    throw new Misconfigured(`${file} fails while it loads, and ${names} is not set in [env]: ${error.message}`, {
      cause: error,
    });
  }
}

function callHttp(handler, message) {
  return new Promise((resolve, reject) => {
    const request = new FunctionRequest(message);
    const response = new FunctionResponse(request, resolve);
    const fail = (error) => (response.writableEnded ? afterAnswer(error) : reject(error));
    try {
      const returned = handler(request, response);
      if (returned !== null && typeof returned === "object" && typeof returned.then === "function") {
        returned.then(undefined, fail);
      }
    } catch (error) {
      fail(error);
    }
  });
}
