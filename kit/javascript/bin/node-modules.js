// Node's own modules: those that the kit has something for, and what to use in place of the others.

import { builtinModules } from "node:module";
import { join } from "node:path";

const PROVIDED = {
  assert: "assert.js",
  "assert/strict": "assert.js",
  buffer: "buffer.js",
  crypto: "crypto.js",
  events: "events.js",
  path: "path.js",
  "path/posix": "path.js",
  process: "process.js",
  querystring: "querystring.js",
  stream: "stream.js",
  timers: "timers.js",
  "timers/promises": "timers-promises.js",
  url: "url.js",
  util: "util.js",
};

// Packages that bring what the kit has by itself, through modules of Node's.
const PACKAGES = { "cross-fetch": "fetch.js", "isomorphic-fetch": "fetch.js", "node-fetch": "fetch.js" };

// What a function for another platform finds besides; paths from the folder of the others.
const OF_FUNCTIONS = {
  fs: "../adapt/fs.js",
  "fs/promises": "../adapt/fs-promises.js",
  http: "../adapt/node-http.js",
  https: "../adapt/node-https.js",
  module: "../adapt/module.js",
  os: "../adapt/os.js",
  perf_hooks: "../adapt/perf-hooks.js",
  url: "../adapt/url.js",
  "@google-cloud/functions-framework": "../adapt/functions-framework.js",
  axios: "../adapt/axios/index.js",
  dotenv: "../adapt/dotenv.js",
  "dotenv/config": "../adapt/dotenv.js",
  "node-fetch": "../adapt/fetch.js",
};

const REQUESTS = "use fetch, which is a global and an export of weld-connector";
const FILES = "a connector has no files: what the next page needs belongs in its state, and settings in [env]";
const WHOLE = "bodies are here as a whole: use response.text(), json() or bytes()";
const ALONE = "a page is made by one thread: await what it needs one after the other";
const INSTEAD = {
  async_hooks: ALONE,
  child_process: "a connector can't start programs",
  cluster: ALONE,
  dgram: REQUESTS,
  dns: `the host looks names up: ${REQUESTS}`,
  "dns/promises": `the host looks names up: ${REQUESTS}`,
  fs: FILES,
  "fs/promises": FILES,
  http: REQUESTS,
  http2: REQUESTS,
  https: REQUESTS,
  net: REQUESTS,
  os: "a connector knows nothing of the machine; a line ends with \\n",
  perf_hooks: "performance is a global",
  readline: WHOLE,
  stream: WHOLE,
  "stream/promises": WHOLE,
  "stream/web": WHOLE,
  string_decoder: "use TextDecoder, which is a global",
  tls: `the host makes the connections: ${REQUESTS}`,
  worker_threads: ALONE,
  zlib: "the host decodes what an API compresses; a package in plain JavaScript unpacks files, such as fflate",
};

const NAMESPACE = "weld-node";
const plain = (name) => name.replace(/^node:/, "");

/**
 * esbuild's plugin that puts the kit's modules in place of Node's, and with `isFunction` those of functions' platforms. Packages may
 * load `stream`, of which there is nothing but the names: many have streams beside what is used of them.
 */
export function provideNode(folder, isFunction) {
  return {
    name: "weld-node",
    setup(build) {
      build.onResolve(
        { filter: /^(?:node:|@google-cloud\/)?[a-z][a-z_/0-9-]*$/ },
        ({ path, kind, importer, namespace }) => {
          const name = plain(path);
          if (namespace === NAMESPACE) return undefined;
          const isPackages = /[\\/]node_modules[\\/]/.test(importer);
          const suffix = kind === "require-call" ? "?require" : "";
          if (isFunction && Object.hasOwn(OF_FUNCTIONS, name)) {
            return { path: OF_FUNCTIONS[name], namespace: NAMESPACE, suffix };
          }
          if (Object.hasOwn(PACKAGES, name)) return { path: PACKAGES[name], namespace: NAMESPACE, suffix };
          if (Object.hasOwn(PROVIDED, name) && (name !== "stream" || isPackages)) {
            return { path: PROVIDED[name], namespace: NAMESPACE, suffix };
          }
          return undefined;
        },
      );
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path, suffix }) => {
        const file = JSON.stringify(join(folder, path));
        const contents =
          suffix === "?require"
            ? `const all = require(${file});\nmodule.exports = all.default ?? all;\n`
            : `import * as all from ${file};\nexport * from ${file};\nexport default all.default ?? all;\n`;
        return { contents, resolveDir: folder };
      });
    },
  };
}

/** A message of esbuild's, with what to do about a module that isn't there in place of options that wouldn't help. */
export function explained({ text, location, notes }) {
  const lines = [location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text];
  if (location?.lineText) lines.push(`    ${location.lineText.trim().slice(0, 200)}`);
  const [, name] = /^Could not resolve "([^"]+)"/.exec(text) ?? [];
  if (name === undefined) return [...lines, ...notes.map((note) => `  ${note.text}`)].join("\n");
  return [...lines, `  ${advice(name)}`].join("\n");
}

/** Whether a function finds this module of Node's. */
export const isProvided = (name) =>
  (Object.hasOwn(PROVIDED, plain(name)) && plain(name) !== "stream") || Object.hasOwn(OF_FUNCTIONS, plain(name));

/** Whether something else stands in for this package of a function. */
export const isStandIn = (name) =>
  !builtinModules.includes(name) && (Object.hasOwn(OF_FUNCTIONS, name) || Object.hasOwn(PACKAGES, name));

/** What to do about a module of Node's that isn't there. */
export const adviceOnModule = (name) =>
  `${name} is a module of Node's, which isn't there in a connector: ${INSTEAD[plain(name)] ?? "a package in plain JavaScript may do the same"}`;

function advice(name) {
  if (builtinModules.includes(plain(name)) || name.startsWith("node:")) {
    return adviceOnModule(name);
  }
  if (/^[./]/.test(name)) return "there is no such file";
  const scope = name.startsWith("@") ? 2 : 1;
  return `the package isn't installed, or has no such part: npm install ${name.split("/").slice(0, scope).join("/")}`;
}
