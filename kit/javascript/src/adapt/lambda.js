// A Lambda with a function URL: the event in payload format 2.0, the context, and all forms of the response.

import { ConnectorError, describe } from "../errors.js";
import { Headers } from "../headers.js";
import { Buffer } from "../node/buffer.js";
import { startOfCall } from "../running.js";
import { partsOf } from "./page.js";

// The maximum time of a Lambda, in milliseconds.
const MOST_TIME = 900_000;
const NAME = "weld";

/**
 * Calls a handler with a request from Weld. `place` is the handler's place, for the message if its response is invalid.
 */
export function callLambda(handler, message, place) {
  return new Promise((resolve, reject) => {
    const done = (error, value) => {
      if (error === undefined || error === null) answer(value);
      else
        reject(error instanceof Error ? error : new ConnectorError(`the callback received ${textOf(error)} as its error`));
    };
    const answer = (value) => {
      try {
        resolve({ ...answerOf(value), place });
      } catch (error) {
        reject(place === undefined ? error : new ConnectorError(`${place}: ${error.message}`, { cause: error }));
      }
    };
    const returned = handler(eventOf(message), contextOf(done), done);
    if (returned !== null && typeof returned === "object" && typeof returned.then === "function") {
      returned.then(
        (value) => {
          // A handler with a callback may be async only to use `await`.
          if (value !== undefined || handler.length < 3) answer(value);
        },
        (error) => reject(error),
      );
    } else if (returned !== undefined && handler.length < 3) {
      answer(returned);
    }
  });
}

const textOf = (value) => (typeof value === "string" ? JSON.stringify(value) : describe(value));

function eventOf({ method, path, query, body, headers }) {
  const now = new Date(startOfCall());
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: String(new URLSearchParams(query)),
    headers: { ...headers },
    requestContext: {
      accountId: "anonymous",
      apiId: NAME,
      domainName: headers.host,
      domainPrefix: NAME,
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: headers["user-agent"] },
      requestId: requestId(),
      routeKey: "$default",
      stage: "$default",
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    isBase64Encoded: false,
  };
  // As on the platform, only if there are parameters.
  if (Object.keys(query).length > 0) event.queryStringParameters = { ...query };
  if (body !== undefined) event.body = body;
  return event;
}

const requestId = () =>
  "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));

function contextOf(done) {
  return {
    awsRequestId: requestId(),
    callbackWaitsForEmptyEventLoop: true,
    functionName: NAME,
    functionVersion: "$LATEST",
    getRemainingTimeInMillis: () => Math.max(MOST_TIME - (Date.now() - startOfCall()), 0),
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${NAME}`,
    logGroupName: `/aws/lambda/${NAME}`,
    logStreamName: NAME,
    memoryLimitInMB: "128",
    done,
    fail: (error) => done(error ?? new ConnectorError("the handler called context.fail")),
    succeed: (value) => done(undefined, value),
  };
}

/** The response in a returned value: `{ statusCode, headers, body }`, or the body alone. */
function answerOf(value) {
  if (value === undefined || value === null) {
    throw new ConnectorError(
      `the handler ended without a response: it returned ${describe(value)}, not { statusCode, body } or a value`,
    );
  }
  const isWhole = typeof value === "object" && !Array.isArray(value) && "statusCode" in value;
  if (!isWhole) return { status: 200, headers: new Headers(), ...bodyOf(value) };
  const status = Number(value.statusCode);
  if (!Number.isInteger(status))
    throw new ConnectorError(`the statusCode is ${describe(value.statusCode)}, not a number`);
  const { body = "" } = value;
  const content = value.isBase64Encoded && typeof body === "string" ? Buffer.from(body, "base64").toString() : body;
  return { status, headers: headersOf(value.headers), ...bodyOf(content) };
}

function headersOf(headers) {
  const pairs = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return new Headers(pairs.map(([name, value]) => [name, String(value)]));
}

/** The body's text, or its parts if it is a page as an object, which the platform accepts as well as JSON text. */
function bodyOf(body) {
  if (typeof body === "string") return { text: body };
  const parts = partsOf(body);
  return parts === undefined ? { text: JSON.stringify(body) ?? "" } : { parts };
}
