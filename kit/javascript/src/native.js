// The worker of `weld-host run`: the connector runs in Node, and the host at the other end of two named pipes calls it and
// sends its requests. Each message is a JSON object on a line of its own; docs/native.md in the host's repository describes
// them.

import { Buffer } from "node:buffer";
import { openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

import { callsFor, forgotten, report } from "./connector.js";
import { ConnectorError, contractError, messageOf, placeOf, readStacksWith, trace } from "./errors.js";
import { callOn, thrown } from "./host/native-call.js";

/** The variable with the folder of the pipes. */
const FOLDER = "WELD_NATIVE";

/** Ends the worker. A connector can't: it would end the call without a reason. */
const exit = process.exit.bind(process);

const NEWLINE = 0x0a;
const PIECE_BYTES = 65_536;

/** Two pipes: messages from the host, and to it. Reading waits, as a call of the host does in a component. */
class Pipes {
  #fromHost;
  #toHost;
  #pieces = [];

  constructor(folder) {
    // The host holds both pipes open, so neither of these waits.
    this.#fromHost = openSync(join(folder, "to-worker"), "r");
    this.#toHost = openSync(join(folder, "to-host"), "w");
  }

  send(message) {
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    for (let sent = 0; sent < bytes.length; ) sent += writeSync(this.#toHost, bytes, sent);
  }

  /** The next message; `undefined` if the host has ended. */
  receive() {
    for (;;) {
      const last = this.#pieces.at(-1);
      const end = last?.indexOf(NEWLINE) ?? -1;
      if (end >= 0) {
        const line = Buffer.concat([...this.#pieces.slice(0, -1), last.subarray(0, end)]);
        this.#pieces = [last.subarray(end + 1)];
        return JSON.parse(line.toString());
      }
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const length = readSync(this.#fromHost, piece);
      if (length === 0) return undefined;
      this.#pieces.push(piece.subarray(0, length));
    }
  }
}

/** The host's functions, as a component has them. */
class NativeHost {
  #pipes;
  #environment = [];

  constructor(pipes) {
    this.#pipes = pipes;
  }

  /** The next call of the host; `undefined` after the last one. */
  nextCall() {
    const call = this.#pipes.receive();
    if (call === undefined || call.call === "end") return undefined;
    this.#environment = call.environment;
    return call;
  }

  endCall(message) {
    this.#pipes.send(message);
  }

  environment() {
    return this.#environment;
  }

  log(level, message) {
    this.#pipes.send({ log: { level, message: message.toWellFormed() } });
  }

  sleep(duration) {
    const answer = this.#ask({ sleep: duration });
    if ("error" in answer) throw thrown(answer.error["out-of-time"]);
  }

  httpFetch(request) {
    const { method, url, headers, body, timeout, idempotent, credential } = request;
    const answer = this.#ask({
      "http-fetch": { method, url, headers, body: bodyLine(body), timeout, idempotent, credential },
    });
    if ("error" in answer) {
      const [[tag, val]] = Object.entries(answer.error);
      throw thrown({ tag, val: val ?? undefined });
    }
    const { status, headers: received, body: content, url: last } = answer.ok;
    return { status, headers: received, body: bodyOf(content), url: last };
  }

  #ask(message) {
    this.#pipes.send(message);
    const answer = this.#pipes.receive();
    // The host ends when its user stops it; nobody waits for the page any more.
    if (answer === undefined) exit(1);
    return answer;
  }
}

function bodyLine(body) {
  if (body === undefined) return null;
  return body.tag === "text" ? { text: body.val } : { bytes: Buffer.from(body.val).toString("base64") };
}

function bodyOf(line) {
  return "text" in line
    ? { tag: "text", val: line.text }
    : { tag: "bytes", val: new Uint8Array(Buffer.from(line.bytes, "base64")) };
}

/** Answers the host's calls of the connector that `load` imports, until the last one. */
export async function work(load) {
  const folder = process.env[FOLDER];
  if (!folder) {
    console.error(`the variable ${FOLDER} is missing: \`weld-host run\` starts this command with it`);
    exit(1);
  }
  readStacksWith(relativePlaces(process.cwd()));
  const host = new NativeHost(new Pipes(folder));
  let rejected = [];
  // Node would end the process, and the call with it.
  process.on("unhandledRejection", (reason) => rejected.push(reason));
  process.exit = (code = process.exitCode ?? 0) => {
    throw new ConnectorError(`process.exit(${code}) was called: a component has no process to end; throw an error instead`);
  };
  let source;
  for (let call = host.nextCall(); call !== undefined; call = host.nextCall()) {
    let message;
    try {
      source ??= await loadSource(load);
      message = await answer(host, source, call);
    } catch (error) {
      message = raised(reported(host, error));
    }
    // Node reports rejections after the code that caused them.
    await new Promise((resolve) => setImmediate(resolve));
    for (const reason of rejected) host.log("warn", forgotten(nameOf(call), reason));
    rejected = [];
    host.endCall(message);
  }
  process.exit = exit;
}

async function loadSource(load) {
  const { source } = await load();
  if (callsFor(source) === undefined) {
    throw new TypeError(
      "the export `source` is not a connector: write export const source = connector({ tables: { … } })",
    );
  }
  return source;
}

/**
 * Converts the stacks of Node to those of a component: paths are relative to the project in `folder` or to this kit, and
 * lines have no column.
 */
function relativePlaces(folder) {
  const parts = ["src", "bin"].map((name) => [new URL(`../${name}/`, import.meta.url), `weld-connector/${name}/`]);
  const project = pathToFileURL(join(folder, "/"));
  const names = [
    ...parts,
    [project, ""],
  ].flatMap(([path, name]) => [[path.href, name], [fileURLToPath(path), name]]);
  return (stack) =>
    names.reduce((text, [path, name]) => text.replaceAll(path, name), stack).replace(/(:\d+):\d+(?=\)?$)/gm, "$1");
}

/**
 * Returns the contract's error for a module that can't be loaded, in the words of a build. What the message lacks is
 * logged: the source line of a mistake, or how the statement was reached.
 */
function reported(host, error) {
  if (error?.details !== undefined) {
    // A mistake in the source, with place and advice. The first line is the message, with a column.
    const [first, ...rest] = error.details.split("\n");
    const isSaid = error.message.startsWith(first.replace(/^([^:]+:\d+):\d+: /, "$1: "));
    const more = (isSaid ? rest : [first, ...rest]).join("\n");
    if (more !== "") host.log("error", more);
    return { tag: "other", val: error.message };
  }
  const frames = framesIn(error);
  if (frames.length > 1) host.log("error", frames.join("\n"));
  const place = placeOf(error);
  const { val } = contractError(error).error;
  const text = (typeof val === "string" ? val : messageOf(error)).replace(place, "");
  return { tag: "other", val: place === "" ? text : `${place.slice(2, -1)}: ${text}` };
}

const framesIn = (error) =>
  trace(error)
    .split("\n")
    .filter((line) => /^\s+at /.test(line));

/** As in a component, but an error is logged only if that shows more than its message, with its place. */
function reportNatively(thrown, what) {
  const { meant, error } = contractError(thrown);
  const hasMore = framesIn(thrown).length > 0 || (thrown instanceof Error && thrown.cause !== undefined);
  return meant || hasMore ? report(thrown, what) : error;
}

function answer(host, source, { call, table, state }) {
  const calls = callsFor(source);
  const [started, line] =
    call === "schema" ? [calls.schema(), tableLines] : [calls.fetchPage(table, state), pageLine];
  return callOn(host, { ...started, end: (value) => ({ return: line(started.end(value)) }) }, raised, reportNatively);
}

const nameOf = ({ call, table }) => (call === "schema" ? "schema" : `fetchPage of table ${JSON.stringify(table)}`);

const raised = ({ tag, val }) => ({ raise: { [tag]: val ?? null } });

const pageLine = ({ insert, state, hasMore, wait }) => ({ insert, state, "has-more": hasMore, wait: wait ?? null });

const tableLines = (tables) =>
  tables.map(({ name, primaryKey, fields }) => ({ name, "primary-key": primaryKey, fields: fields.map(fieldLine) }));

const fieldLine = ({ name, type, default: value }) => ({
  name,
  type: { [type.tag]: type.val },
  default: value ?? null,
});
