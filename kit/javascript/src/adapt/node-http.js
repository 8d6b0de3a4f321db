// Node's `http`.

import { client } from "./http.js";

const module = client("http");
export const { Agent, ClientRequest, IncomingMessage, STATUS_CODES, createServer, get, globalAgent, request } = module;
export default module;
