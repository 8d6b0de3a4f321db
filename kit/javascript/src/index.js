// What connectors import from `weld-connector`.

export { connector, defineConnector, table } from "./connector.js";
export { env } from "./env.js";
export {
  ConnectorError,
  InvalidState,
  Misconfigured,
  RateLimited,
  Unauthorized,
  UnknownTable,
  Upstream,
} from "./errors.js";
export { FetchError, fetch } from "./fetch.js";
export { Headers } from "./headers.js";
export { Decimal } from "./decimal.js";
export { parseJson } from "./parse.js";
export { log } from "./log.js";
export { NeverSettled, OutOfTime, sleep } from "./loop.js";
export { Request } from "./request.js";
export { Response, expectOk } from "./response.js";
