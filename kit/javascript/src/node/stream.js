// The names of Node's `stream`, for packages that define streams in addition to what a connector uses of them.

import { EventEmitter } from "./events.js";
import { inherits } from "./util.js";

export function Stream() {
  throw new TypeError(
    "a connector has no streams: use response.text(), json() or bytes()",
  );
}
inherits(Stream, EventEmitter);

function named() {
  const Type = function () {
    Stream();
  };
  inherits(Type, Stream);
  return Type;
}

export const Readable = named();
export const Writable = named();
export const Duplex = named();
export const Transform = named();
export const PassThrough = named();

export default Object.assign(Stream, { Duplex, PassThrough, Readable, Stream, Transform, Writable });
