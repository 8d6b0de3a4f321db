// The packages that a function imports: those to bundle, with their versions, and those that can't be bundled.

import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";

import { adviceOnModule, isProvided, isStandIn } from "../node-modules.js";
import { NotServed } from "./not-served.js";

const SOCKETS = "it needs its own sockets, which a component doesn't have; send requests with fetch or axios";
const NATIVE = "it is native code, which a component can't run";
const CONNECTIONS = "it opens its own connections, which a component can't; use fetch, axios or node-fetch";
const REASONS = {
  "@aws-sdk": "it needs Node's streams and sockets; send signed requests with fetch, or let the host add the credential",
  "@google-cloud": "it needs Node's streams and sockets; call the service's HTTP API with fetch",
  "aws-sdk": "it needs Node's streams and sockets; send signed requests with fetch, or let the host add the credential",
  bent: CONNECTIONS,
  "better-sqlite3": NATIVE,
  bcrypt: NATIVE,
  canvas: NATIVE,
  "firebase-admin": SOCKETS,
  "google-auth-library":
    "it needs Node's streams and files; let [auth] of the configuration obtain the tokens of service accounts",
  googleapis: "it needs Node's streams and sockets; call the service's HTTP API with fetch",
  got: CONNECTIONS,
  ioredis: SOCKETS,
  mongodb: SOCKETS,
  mongoose: SOCKETS,
  mssql: SOCKETS,
  mysql: SOCKETS,
  mysql2: SOCKETS,
  needle: CONNECTIONS,
  nodemailer: SOCKETS,
  pg: SOCKETS,
  puppeteer: "it starts a browser, which a component can't",
  redis: SOCKETS,
  request: CONNECTIONS,
  "request-promise": CONNECTIONS,
  "request-promise-native": CONNECTIONS,
  sharp: NATIVE,
  sqlite3: NATIVE,
  superagent: CONNECTIONS,
  undici: CONNECTIONS,
};

const LISTS = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"];

const nameOf = (specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
const isOfNode = (specifier) => specifier.startsWith("node:") || builtinModules.includes(specifier);

/** A line for each import that can't be satisfied, before anything is downloaded or built. */
export function refusedImports({ imports }) {
  const refused = imports
    .filter(({ name, isOptional }) => !isOptional && !isStandIn(name))
    .flatMap(({ name, place }) => {
      if (isOfNode(name)) return isProvided(name) ? [] : [`${place}: ${adviceOnModule(name)}`];
      const reason = REASONS[nameOf(name)] ?? REASONS[name.split("/")[0]];
      return reason === undefined ? [] : [`${place}: the package ${nameOf(name)} can't be bundled: ${reason}`];
    });
  return [...new Set(refused)];
}

/** The packages to install, with their versions as npm expects them, and notes about them. */
export function packagesOf({ imports, folder, modules }) {
  const own = readJson(join(folder, "package.json"));
  const lock = readJson(join(folder, "package-lock.json"));
  const wanted = new Map();
  const notes = [];
  const unlisted = new Map();
  for (const { name: specifier, place, isOptional } of imports) {
    const name = nameOf(specifier);
    const isOwn = specifier.startsWith("#") || name === own.name;
    if (isOwn || isStandIn(specifier) || isOfNode(specifier) || wanted.has(name)) continue;
    const locked = lock.packages?.[`node_modules/${name}`]?.version;
    const wish = LISTS.map((list) => own[list]?.[name]).find((version) => version !== undefined);
    if (wish === undefined && isOptional) continue;
    if (wish === undefined && locked === undefined) {
      if (!unlisted.has(name)) unlisted.set(name, place);
      continue;
    }
    wanted.set(name, locked ?? fromHere(wish, place, name));
    if (wish === undefined)
      notes.push(`${place}: package.json does not list ${name}; the version in package-lock.json is used`);
  }
  if (unlisted.size > 0) throw new NotServed(unlistedWords(unlisted, existsSync(join(folder, "package.json"))));
  const unused = Object.keys(own.dependencies ?? {}).filter((name) => !wanted.has(name) && !isStandIn(name));
  if (unused.length > 0 && modules.length > 0)
    notes.push(`listed in package.json, but not imported: ${unused.join(", ")}`);
  return { dependencies: Object.fromEntries(wanted), notes };
}

function unlistedWords(unlisted, hasList) {
  const why = hasList ? "package.json does not list it" : "there is no package.json that lists it";
  const line = ([name, place]) => `${place}: the package ${name} is unknown: ${why} (run \`npm install ${name}\` in the function's folder)`;
  return [...unlisted].map(line).join("\n");
}

// Converts a relative path, which npm would resolve in the function's folder, to one that works in the folder around
// it.
function fromHere(wish, place, name) {
  const [, path] = /^(?:file:|link:)?(\.{1,2}\/.*)$/.exec(wish ?? "") ?? [];
  if (path === undefined) return wish;
  if (path.startsWith("..")) {
    throw new NotServed(`${place}: package.json takes ${name} from ${path}, which is outside of the function's folder`);
  }
  return `file:function/${path.slice(2)}`;
}

function readJson(path) {
  if (!existsSync(path)) return {};
  try {
    const read = JSON.parse(readFileSync(path, "utf8"));
    return read !== null && typeof read === "object" ? read : {};
  } catch (error) {
    throw new NotServed(`${path.split(/[\\/]/).at(-1)} is not valid JSON: ${error.message}`);
  }
}
