// What browsers and Node have and a connector doesn't: what to use in its place.

const STREAMS = "bodies are here as a whole: use response.text(), json() or bytes()";
const PAGE = "a connector runs in no browser";

const INSTEAD = {
  Blob: "give fetch a typed array, or text",
  File: "give fetch a typed array, or text",
  FormData: "send URLSearchParams, or text that is put together",
  ReadableStream: STREAMS,
  TransformStream: STREAMS,
  WritableStream: STREAMS,
  CompressionStream: STREAMS,
  DecompressionStream:
    "the host decodes what an API compresses; a package in plain JavaScript unpacks files, such as fflate",
  XMLHttpRequest: "use fetch",
  WebSocket: "use fetch",
  EventSource: "use fetch",
  Worker: "a page is made by one thread",
  localStorage: "what the next page needs belongs in its state",
  sessionStorage: "what the next page needs belongs in its state",
  indexedDB: "what the next page needs belongs in its state",
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

/** What to add to an error's message that says that a global isn't there; empty where there is nothing to add. */
export function adviceOn(error) {
  if (!(error instanceof ReferenceError)) return "";
  const [, name] = /^'?(\w+)'? is not defined$/.exec(error.message) ?? [];
  return name !== undefined && Object.hasOwn(INSTEAD, name) ? `: ${INSTEAD[name]}` : "";
}
