// The part of `axios` that functions use, on top of the host's requests.

import { FetchError, fetch } from "../../fetch.js";
import { Buffer } from "../../node/buffer.js";
import { STATUS_CODES } from "../statuses.js";
import { basic, defaults, headersFor, mergeConfig, urlFor } from "./config.js";
import { AxiosError, CanceledError, isAxiosError, isCancel } from "./error.js";
import { AxiosHeaders } from "./headers.js";
import { Interceptors } from "./interceptors.js";

const VERSION = "1.7.9";

class Axios {
  constructor(settings) {
    this.defaults = settings;
    this.interceptors = { request: new Interceptors(), response: new Interceptors() };
  }

  request(first, second) {
    const config = mergeConfig(this.defaults, typeof first === "string" ? { ...second, url: first } : first);
    config.method = (config.method ?? this.defaults.method ?? "get").toLowerCase();
    config.headers = headersFor(config);
    const before = this.interceptors.request.handlers(config).reverse();
    const after = this.interceptors.response.handlers();
    let chain = Promise.resolve(config);
    for (const { fulfilled, rejected } of before) chain = chain.then(fulfilled, rejected);
    const { stack } = new Error();
    chain = chain.then((made) => dispatch(made).catch((error) => calledFrom(error, stack)));
    for (const { fulfilled, rejected } of after) chain = chain.then(fulfilled, rejected);
    return chain;
  }

  getUri(config) {
    return urlFor(mergeConfig(this.defaults, config));
  }
}

for (const method of ["delete", "get", "head", "options"]) {
  Axios.prototype[method] = function (url, config) {
    return this.request({ ...config, method, url, data: config?.data });
  };
}
for (const method of ["post", "put", "patch"]) {
  Axios.prototype[method] = function (url, data, config) {
    return this.request({ ...config, method, url, data });
  };
  Axios.prototype[`${method}Form`] = function (url, data, config) {
    const headers = { ...config?.headers, "Content-Type": "application/x-www-form-urlencoded" };
    return this.request({ ...config, method, url, data, headers });
  };
}

async function dispatch(config) {
  config.signal?.throwIfAborted?.();
  config.cancelToken?.throwIfRequested?.();
  config.headers = AxiosHeaders.from(config.headers);
  const body = transformed(config.transformRequest, config, config.data, config.headers);
  config.data = body;
  if (config.auth) config.headers.set("Authorization", basic(config.auth));
  config.headers.set("User-Agent", `axios/${VERSION}`, false);
  if (["post", "put", "patch"].includes(config.method)) {
    config.headers.set("Content-Type", "application/x-www-form-urlencoded", false);
  } else if (body === undefined || body === null) {
    config.headers.delete("Content-Type");
  }
  const request = { method: config.method.toUpperCase(), path: urlFor(config) };
  const adapter = typeof config.adapter === "function" ? config.adapter : send;
  const response = await adapter(config, request);
  response.headers = AxiosHeaders.from(response.headers);
  config.response = response;
  try {
    response.data = transformed(config.transformResponse, config, response.data, response.headers, response.status);
  } finally {
    delete config.response;
  }
  return settled(response, config, request);
}

// When a request fails, the error's own stack no longer contains the function's line that sent it.
function calledFrom(error, stack) {
  if (error instanceof Error) error.stack = `${error.stack}\n${stack}`;
  throw error;
}

function transformed(transforms, config, data, ...values) {
  return [transforms ?? []].flat().reduce((value, transform) => transform.call(config, value, ...values), data);
}

function settled(response, config, request) {
  const { status } = response;
  if (!config.validateStatus || config.validateStatus(status)) return response;
  const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  throw new AxiosError(`Request failed with status code ${status}`, code, config, request, response);
}

async function send(config, request) {
  const { headers, data, timeout, signal, responseType } = config;
  let response;
  try {
    response = await fetch(request.path, {
      method: request.method,
      headers: headers.toJSON(),
      body: data,
      timeout: timeout > 0 ? timeout : undefined,
      signal,
    });
  } catch (error) {
    throw failure(error, config, request);
  }
  return {
    data: await dataOf(response, responseType),
    status: response.status,
    statusText: STATUS_CODES[response.status] ?? "",
    headers: headersOf(response.headers),
    config,
    request: { ...request, res: { responseUrl: response.url } },
  };
}

async function dataOf(response, type) {
  if (type === "arraybuffer") return Buffer.from(await response.bytes());
  if (type === "stream" || type === "blob") {
    throw new AxiosError(
      `the responseType ${type} is not available: a connector has no streams`,
      AxiosError.ERR_NOT_SUPPORT,
    );
  }
  const text = await response.text();
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function headersOf(headers) {
  const made = new AxiosHeaders();
  for (const name of new Set(headers.keys())) {
    made.set(name, name === "set-cookie" ? headers.getSetCookie() : headers.get(name));
  }
  return made;
}

function failure(error, config, request) {
  if (config.signal?.aborted) return new CanceledError(undefined, config, request);
  if (!(error instanceof FetchError)) {
    return error instanceof AxiosError ? error : AxiosError.from(error, error.code, config, request);
  }
  if (error.kind === "timeout") {
    const message = config.timeoutErrorMessage ?? `timeout of ${config.timeout}ms exceeded`;
    const code = config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED;
    return Object.assign(new AxiosError(config.timeout > 0 ? message : error.message, code, config, request), {
      cause: error,
    });
  }
  return AxiosError.from(error, AxiosError.ERR_NETWORK, config, request);
}

class CancelToken {
  constructor(executor) {
    executor((message) => {
      this.reason ??= new CanceledError(message);
    });
  }

  throwIfRequested() {
    if (this.reason) throw this.reason;
  }

  static source() {
    let cancel;
    const token = new CancelToken((call) => {
      cancel = call;
    });
    return { token, cancel };
  }
}

function instance(settings) {
  const axios = new Axios(settings);
  const call = (first, second) => axios.request(first, second);
  for (const name of Object.getOwnPropertyNames(Axios.prototype)) {
    if (name !== "constructor") call[name] = axios[name].bind(axios);
  }
  call.defaults = axios.defaults;
  call.interceptors = axios.interceptors;
  call.create = (config) => instance(mergeConfig(axios.defaults, config));
  return call;
}

const axios = Object.assign(instance(defaults()), {
  Axios,
  AxiosError,
  AxiosHeaders,
  CancelToken,
  Cancel: CanceledError,
  CanceledError,
  VERSION,
  all: (promises) => Promise.all(promises),
  isAxiosError,
  isCancel,
  mergeConfig,
  spread: (call) => (values) => call(...values),
});
axios.default = axios;

const { all, spread } = axios;
export {
  Axios,
  AxiosError,
  AxiosHeaders,
  CancelToken,
  CanceledError,
  all,
  isAxiosError,
  isCancel,
  mergeConfig,
  spread,
};
export default axios;
