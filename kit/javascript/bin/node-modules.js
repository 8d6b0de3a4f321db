// Node's own modules: those that the kit provides, and alternatives to the others.

import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

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

// Packages that provide what the kit already has, using modules of Node.
const PACKAGES = { "cross-fetch": "fetch.js", "isomorphic-fetch": "fetch.js", "node-fetch": "fetch.js" };

// Additional modules for a function of another platform, with paths relative to the folder of the others.
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
const FILES = "a connector has no files: keep data for the next page in its state, and settings in [env]";
const WHOLE = "a connector has no streams: use response.text(), json() or bytes()";
const ALONE = "a page runs in a single thread: await one operation after the other";
const INSTEAD = {
  async_hooks: ALONE,
  child_process: "a connector can't start programs",
  cluster: ALONE,
  dgram: REQUESTS,
  dns: `the host resolves names: ${REQUESTS}`,
  "dns/promises": `the host resolves names: ${REQUESTS}`,
  fs: FILES,
  "fs/promises": FILES,
  http: REQUESTS,
  http2: REQUESTS,
  https: REQUESTS,
  net: REQUESTS,
  os: "a connector has no information about its machine; lines end with \\n",
  perf_hooks: "performance is a global",
  readline: WHOLE,
  stream: WHOLE,
  "stream/promises": WHOLE,
  "stream/web": WHOLE,
  string_decoder: "use TextDecoder, which is a global",
  tls: `the host makes the connections: ${REQUESTS}`,
  worker_threads: ALONE,
  zlib: "the host decompresses responses; to decompress files, bundle a package in plain JavaScript such as fflate",
};

const NAMESPACE = "weld-node";
const plain = (name) => name.replace(/^node:/, "");

/**
 * A plugin for esbuild that provides the kit's modules in place of Node's and, with `isFunction`, those of functions'
 * platforms. Packages may load `stream`, which only has its names, since many packages define streams that a connector
 * doesn't use.
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

/**
 * A message of esbuild about the connector with this entry. For an unavailable module, it gives advice instead of esbuild's
 * options, which wouldn't help; without `withAdvice`, neither.
 */
export function explained({ text: full, location, notes }, entry, withAdvice) {
  const text = plainText(full);
  const known = adviceOn(text, entry, location);
  const hints = known === undefined ? notes.map((note) => note.text) : withAdvice ? [known] : [];
  // The kit's own module around the entry is not the author's.
  const place = location && !isAround(location) ? location : undefined;
  const lines = [place ? `${place.file}:${place.line}:${place.column + 1}: ${text}` : text];
  if (place?.lineText) lines.push(`    ${place.lineText.trim().slice(0, 150)}`);
  return [...lines, ...hints.map((hint) => `  ${hint}`)].join("\n");
}

/** The same in one line, with file and line first. */
export function summary({ text: full, location }, entry) {
  const text = plainText(full);
  const place = location && !isAround(location) ? `${location.file}:${location.line}: ` : `${entry}: `;
  const known = adviceOn(text, entry, location);
  return `${place}${text}${known === undefined ? "" : `; ${known}`}`;
}

// Without the settings of esbuild, which are the kit's.
const plainText = (text) =>
  text
    .replace(/ in the configured target environment \(.*\)$/, "")
    .replace(/^No matching export in "([^"]+)"/, (said, path) => (isKits(path) ? 'No matching export in "weld-connector"' : said));

/** What connectors import as `weld-connector`. */
const INDEX = new URL("../src/index.js", import.meta.url);
const isKits = (path) => fileURLToPath(INDEX).endsWith(path.replace(/^(?:\.\.?[\\/])+/, ""));

const isAround = ({ file }) => file === "weld-connector-entry.js";

// Packages that load native code of other packages.
const LOADERS = ["bindings", "node-gyp-build", "node-gyp-build-optional-packages", "@mapbox/node-pre-gyp", "prebuild-install"];

/** What to do about an error of esbuild; undefined if its own notes say it. */
function adviceOn(text, entry, location) {
  const [, name] = /^Could not resolve "([^"]+)"/.exec(text) ?? [];
  const [, owner] = /(?:^|[\\/])node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](?!.*node_modules)/.exec(location?.file ?? "") ?? [];
  if (/^No loader is configured for "\.node" files/.test(text) || (owner !== undefined && LOADERS.includes(name))) {
    return `${owner === undefined ? "this" : `the package ${owner}`} has native code; a component takes plain JavaScript only`;
  }
  if (name !== undefined) return advice(name);
  if (text.includes('for import "source"')) {
    return `end ${entry} with \`export const source = connector({ tables: { … } });\``;
  }
  const [, wanted] = /^No matching export in "weld-connector" for import "([^"]+)"/.exec(text) ?? [];
  if (wanted !== undefined) {
    const likely = nearest(wanted, kitExports());
    return likely === undefined ? `weld-connector has ${kitExports().join(", ")}` : `did you mean ${likely}?`;
  }
  if (text.startsWith("Top-level await")) return "modules load when the connector is built: await inside schema or fetchPage";
  return undefined;
}

/** What connectors import from `weld-connector`. */
function kitExports() {
  const index = readFileSync(INDEX, "utf8");
  const lists = [...index.matchAll(/^export \{([^}]*)\}/gm)].map(([, names]) => names.split(","));
  return lists.flat().map((name) => name.trim().split(/ as /).at(-1)).filter(Boolean).sort();
}

/** The name that differs from `word` by the fewest letters, at most a third of them; undefined if there is none. */
function nearest(word, names) {
  const [best] = names
    .map((name) => [distance(word.toLowerCase(), name.toLowerCase()), name])
    .sort(([one], [other]) => one - other);
  return best !== undefined && best[0] * 3 <= Math.max(word.length, best[1].length) ? best[1] : undefined;
}

/** How many letters must be inserted, removed or replaced to make `one` the `other`. */
function distance(one, other) {
  let before = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...one].entries()) {
    const now = [row + 1];
    for (let at = 0; at < other.length; at++) {
      const replaced = before[at] + (letter === other[at] ? 0 : 1);
      now.push(Math.min(replaced, before[at + 1] + 1, now[at] + 1));
    }
    before = now;
  }
  return before.at(-1);
}

/** Whether this module of Node is available to a function. */
export const isProvided = (name) =>
  (Object.hasOwn(PROVIDED, plain(name)) && plain(name) !== "stream") || Object.hasOwn(OF_FUNCTIONS, plain(name));

/** Whether the kit replaces this package for a function. */
export const isStandIn = (name) =>
  !builtinModules.includes(name) && (Object.hasOwn(OF_FUNCTIONS, name) || Object.hasOwn(PACKAGES, name));

/** What to do about an unavailable module of Node. */
export const adviceOnModule = (name) =>
  `the Node module ${name} is not available in a connector: ${INSTEAD[plain(name)] ?? "look for a package in plain JavaScript"}`;

function advice(name) {
  if (builtinModules.includes(plain(name)) || name.startsWith("node:")) {
    return adviceOnModule(name);
  }
  if (/^[./]/.test(name)) return "no such file";
  const scope = name.startsWith("@") ? 2 : 1;
  return `the package isn't installed, or doesn't have this part: run \`npm install ${name.split("/").slice(0, scope).join("/")}\``;
}
