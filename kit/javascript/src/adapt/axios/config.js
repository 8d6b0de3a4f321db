// The configuration of a request, merged from axios's defaults, the instance's and the request's own, and the URL,
// headers and data that follow from it.

import { Buffer } from "../../node/buffer.js";
import { AxiosError } from "./error.js";
import { AxiosHeaders } from "./headers.js";

const isPlain = (value) =>
  value !== null && typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value));
const isObject = (value) => value !== null && typeof value === "object";

// Settings that only the request itself may have, never a default.
const OWN = new Set(["data", "method", "url"]);
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

export const defaults = () => ({
  headers: {
    common: { Accept: "application/json, text/plain, */*", "Content-Type": undefined },
    ...Object.fromEntries(["delete", "get", "head", "post", "put", "patch"].map((method) => [method, {}])),
  },
  maxBodyLength: -1,
  maxContentLength: -1,
  timeout: 0,
  transformRequest: [transformRequest],
  transformResponse: [transformResponse],
  transitional: { silentJSONParsing: true, forcedJSONParsing: true, clarifyTimeoutError: false },
  validateStatus: (status) => status >= 200 && status < 300,
  xsrfCookieName: "XSRF-TOKEN",
  xsrfHeaderName: "X-XSRF-TOKEN",
});

/** Merges one configuration over another: objects by member, headers without regard to case. */
export function mergeConfig(under = {}, over = {}) {
  const merged = {};
  for (const key of new Set([...Object.keys(under), ...Object.keys(over)])) {
    const [before, after] = [under[key], over[key]];
    if (key === "headers") merged.headers = mergeHeaders(before, after);
    else if (key === "validateStatus" && key in over) merged[key] = after;
    else if (after !== undefined)
      merged[key] = isPlain(after) ? merge(isPlain(before) ? before : {}, after) : copied(after);
    else if (before !== undefined && !OWN.has(key)) merged[key] = isPlain(before) ? merge({}, before) : copied(before);
  }
  return merged;
}

const copied = (value) => (Array.isArray(value) ? [...value] : value);

function merge(under, over) {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (key === "__proto__") continue;
    merged[key] = isPlain(value) ? merge(isPlain(merged[key]) ? merged[key] : {}, value) : copied(value);
  }
  return merged;
}

const plainHeaders = (headers) => (headers instanceof AxiosHeaders ? { ...headers } : (headers ?? {}));

function mergeHeaders(before, after) {
  const merged = merge({}, plainHeaders(before));
  for (const [name, value] of Object.entries(plainHeaders(after))) {
    const known = Object.keys(merged).find((key) => key.toLowerCase() === name.toLowerCase());
    if (isPlain(value) && isPlain(merged[name])) merged[name] = merge(merged[name], value);
    else merged[known ?? name] = value;
  }
  return merged;
}

/** The headers of a request: those for all methods, those for its method, and its own. */
export function headersFor(config) {
  const { common, delete: _, get, head, post, put, patch, query, ...own } = plainHeaders(config.headers);
  const ofMethod = { delete: _, get, head, post, put, patch, query }[config.method];
  return AxiosHeaders.concat(common, ofMethod, own);
}

/** The URL of a request, with its parameters. */
export function urlFor({ baseURL, url = "", params, paramsSerializer, allowAbsoluteUrls }) {
  const isAbsolute = /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);
  const isWhole = !baseURL || (isAbsolute && allowAbsoluteUrls !== false);
  const whole = isWhole ? url : url === "" ? baseURL : `${baseURL.replace(/\/?\/$/, "")}/${url.replace(/^\/+/, "")}`;
  const query = params ? queryOf(params, paramsSerializer) : "";
  if (query === "") return whole;
  const plain = whole.replace(/#.*$/s, "");
  return `${plain}${plain.includes("?") ? "&" : "?"}${query}`;
}

const encoded = (value) =>
  encodeURIComponent(value).replace(/%3A/gi, ":").replace(/%24/g, "$").replace(/%2C/gi, ",").replace(/%20/g, "+");

function queryOf(params, serializer) {
  const serialize = typeof serializer === "function" ? serializer : serializer?.serialize;
  if (serialize) return serialize(params, serializer);
  if (params instanceof URLSearchParams) return params.toString();
  const encode = serializer?.encode ?? encoded;
  return pairsOf(params, serializer?.indexes === undefined ? false : serializer.indexes)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

/**
 * Pairs of names and values, with objects as `a[b]`. Lists are `a[]`, or `a` if `indexes` is null, or `a[0]` if it is
 * true.
 */
function pairsOf(value, indexes, place = "") {
  if (value === undefined || value === null) return [];
  if (value instanceof Date) return [[place, value.toISOString()]];
  if (!isObject(value)) return [[place, String(value)]];
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => {
      const isDeep = isObject(item) && !(item instanceof Date);
      const inner = isDeep || indexes === true ? `${place}[${at}]` : indexes === null ? place : `${place}[]`;
      return pairsOf(item, indexes, inner);
    });
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    pairsOf(inner, indexes, place === "" ? key : `${place}[${key}]`),
  );
}

/** The data to send. Objects become JSON, or a form if the headers say so. */
function transformRequest(data, headers) {
  const type = headers.get("Content-Type") || "";
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data;
  if (data instanceof URLSearchParams) {
    headers.set("Content-Type", `${FORM_TYPE};charset=utf-8`, false);
    return data.toString();
  }
  if (isObject(data) && typeof data.getHeaders === "function") {
    throw new AxiosError(
      "a form with files can't be sent from a connector: pass data as text or bytes",
      AxiosError.ERR_NOT_SUPPORT,
    );
  }
  if (isObject(data) && type.includes(FORM_TYPE)) {
    return pairsOf(data, false)
      .map(
        ([name, value]) =>
          `${encodeURIComponent(name).replace(/%20/g, "+")}=${encodeURIComponent(value).replace(/%20/g, "+")}`,
      )
      .join("&");
  }
  if (isObject(data) || type.includes(JSON_TYPE)) {
    headers.set("Content-Type", JSON_TYPE, false);
    return textOf(data);
  }
  return data;
}

// Text that is already JSON is sent unchanged.
function textOf(data) {
  if (typeof data !== "string") return JSON.stringify(data);
  try {
    JSON.parse(data);
    return data.trim();
  } catch {
    return JSON.stringify(data);
  }
}

/** Parses the text as JSON if it is JSON, as axios does. */
function transformResponse(data) {
  const { responseType, transitional } = this;
  const isWanted = responseType === "json" || (!responseType && transitional?.forcedJSONParsing !== false);
  if (typeof data !== "string" || data === "" || !isWanted) return data;
  try {
    return JSON.parse(data);
  } catch (error) {
    if (responseType !== "json" || transitional?.silentJSONParsing !== false) return data;
    throw AxiosError.from(error, AxiosError.ERR_BAD_RESPONSE, this, undefined, this.response);
  }
}

/** The value of `Authorization` for `auth: { username, password }`. */
export const basic = ({ username = "", password = "" }) =>
  `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
