// Node's `https`.

import { client } from "./http.js";

const module = client("https");
export const { Agent, ClientRequest, IncomingMessage, STATUS_CODES, createServer, get, globalAgent, request } = module;
export default module;
