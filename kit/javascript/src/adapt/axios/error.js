// `AxiosError`. If uncaught, it becomes the contract's error that its response means.

import { excerpt } from "../../body.js";
import { Headers } from "../../headers.js";
import { rateLimit } from "../../refusal.js";

const CODES = [
  "ECONNABORTED",
  "ERR_BAD_OPTION",
  "ERR_BAD_OPTION_VALUE",
  "ERR_BAD_REQUEST",
  "ERR_BAD_RESPONSE",
  "ERR_CANCELED",
  "ERR_DEPRECATED",
  "ERR_FR_TOO_MANY_REDIRECTS",
  "ERR_INVALID_URL",
  "ERR_NETWORK",
  "ERR_NOT_SUPPORT",
  "ETIMEDOUT",
];

export class AxiosError extends Error {
  constructor(message, code, config, request, response) {
    super(message);
    this.name = "AxiosError";
    this.isAxiosError = true;
    if (code) this.code = code;
    if (config) this.config = config;
    if (request) this.request = request;
    if (response) {
      this.response = response;
      this.status = response.status;
    }
  }

  static from(error, code, config, request, response) {
    const made = new AxiosError(error.message, code ?? error.code, config, request, response);
    made.cause = error;
    made.name = error.name;
    return made;
  }

  /** The contract's error. */
  get payload() {
    if (this.response === undefined) return this.cause?.payload;
    const { status, headers, data, config } = this.response;
    const limit = rateLimit(status, new Headers(headers.toJSON()), Date.now());
    if (limit) return { tag: "rate-limited", val: limit.wait };
    const tag = status === 401 || status === 403 ? "unauthorized" : "upstream";
    const where = String(config?.url ?? "").replace(/[?#].*$/s, "");
    return { tag, val: `${this.message}: ${(config?.method ?? "get").toUpperCase()} ${where}: ${shown(data)}` };
  }

  toJSON() {
    const { message, name, stack, config, code, status } = this;
    return { message, name, stack, config, code, status: status ?? null };
  }
}

for (const code of CODES) AxiosError[code] = code;

const shown = (data) => {
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return "bytes";
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return text ? excerpt(text) : "nothing";
};

export class CanceledError extends AxiosError {
  constructor(message, config, request) {
    super(message ?? "canceled", "ERR_CANCELED", config, request);
    this.name = "CanceledError";
    this.__CANCEL__ = true;
  }
}

export const isAxiosError = (value) => value !== null && typeof value === "object" && value.isAxiosError === true;
export const isCancel = (value) => Boolean(value?.__CANCEL__);
