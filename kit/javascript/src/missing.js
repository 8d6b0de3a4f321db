// Alternatives to what browsers and Node have and a connector lacks.

const STREAMS = "a connector has no streams: use response.text(), json() or bytes()";
const PAGE = "a connector doesn't run in a browser";

const INSTEAD = {
  Blob: "pass a typed array or a text to fetch",
  File: "pass a typed array or a text to fetch",
  FormData: "send URLSearchParams, or build the body as a text",
  ReadableStream: STREAMS,
  TransformStream: STREAMS,
  WritableStream: STREAMS,
  CompressionStream: STREAMS,
  DecompressionStream:
    "the host decompresses responses; to decompress files, bundle a package in plain JavaScript such as fflate",
  XMLHttpRequest: "use fetch",
  WebSocket: "use fetch",
  EventSource: "use fetch",
  Worker: "a page runs in a single thread",
  localStorage: "keep data for the next page in its state",
  sessionStorage: "keep data for the next page in its state",
  indexedDB: "keep data for the next page in its state",
  document: PAGE,
  navigator: PAGE,
  window: PAGE,
  self: "use globalThis",
  require: "use import",
  module: "use export",
  exports: "use export",
  __dirname: "a connector has no files",
  __filename: "a connector has no files",
};

/** The advice to append to the message of an error about a missing global; empty if there is none. */
export function adviceOn(error) {
  if (!(error instanceof ReferenceError)) return "";
  const [, name] = /^'?(\w+)'? is not defined$/.exec(error.message) ?? [];
  return name !== undefined && Object.hasOwn(INSTEAD, name) ? `: ${INSTEAD[name]}` : "";
}
