// The kit's `fetch` under the names that fetch packages for Node export.

import { FetchError, fetch } from "../fetch.js";
import { Headers } from "../headers.js";
import { Request } from "../request.js";
import { Response } from "../response.js";

export { FetchError, Headers, Request, Response, fetch };
export default Object.assign((input, init) => fetch(input, init), {
  FetchError,
  Headers,
  Request,
  Response,
  default: fetch,
  fetch,
});
