// The host under test, and an API for its connectors. Both use a free port and end with the test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// The signal with which the runner ends a file that takes too long. Without this, the process would end without the event "exit".
process.once("SIGTERM", () => process.exit(1));

/** Starts the host that WELD_HOST names, with any of its commands that serve. */
export async function startHost(values, announcement, folder = ".") {
  // With `timeout`, so that the host ends even if this process is killed.
  const child = spawn("timeout", ["1200", process.env.WELD_HOST, ...values], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.once("exit", () => child.kill());
  const ended = once(child, "exit");
  const lines = [];
  const host = {
    lines,
    /** The first line that `isLike` accepts, once there is one. */
    async line(isLike) {
      while (!lines.some(isLike)) await new Promise((resolve) => setTimeout(resolve, 10));
      return lines.find(isLike);
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
  const announced = new Promise((found) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const match = announcement.exec(line);
        if (match) found(match);
      });
    }
  });
  const early = ended.then(() => {
    throw new Error(`the host ended:\n${lines.join("\n")}`);
  });
  // The rejection after the host has been stopped is expected.
  early.catch(() => {});
  return Object.assign(host, { announced: await Promise.race([announced, early]) });
}

/**
 * Starts the host on a folder, and waits until it has loaded these connectors. `ask` returns the response's status and
 * body.
 */
export async function serve(plugins, cache, names) {
  const values = [
    "serve",
    "--plugins",
    plugins,
    "--cache",
    cache,
    "--listen",
    "127.0.0.1:0",
    "--drain",
    "0s",
    "--log",
    "debug",
    "--reload",
    "off",
  ];
  const host = await startHost(values, /listening on (http:\/\/\S+)/);
  const address = host.announced[1];
  // Waits here, since compiling may take longer than a request may wait.
  for (const name of names) {
    const line = await host.line((line) => line.startsWith(`  ${name}  `));
    if (line.includes("not loaded:")) throw new Error(line);
  }
  return Object.assign(host, {
    async ask(name, table, state = {}) {
      const response = await fetch(`${address}/${name}`, {
        method: "POST",
        body: JSON.stringify({ name: table, state }),
      });
      return { status: response.status, body: await response.json() };
    },
    async schema(name) {
      return (await fetch(`${address}/${name}/schema`)).json();
    },
    /** A line that a connector has logged at this level. It may appear slightly later than the response. */
    logged: (level, text) => host.line((line) => line.includes(level) && line.includes(text)),
  });
}

/** An API that answers with `routes`, by path. */
export async function startApi(routes) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://api");
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    routes[url.pathname]({ request, response, url, body: Buffer.concat(pieces) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
