// The host under test, and an API for its connectors. Both take any free port, and end with the test.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// As the runner ends a file whose time is over; else no "exit" would be heard.
process.once("SIGTERM", () => process.exit(1));

/** Starts the host that WELD_HOST names on a folder of connectors, or another of its commands that serves. */
export async function startHost(values, announcement, folder = ".") {
  // By `timeout`, so that it ends even where this process is killed before it can see to that.
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
    /** The first line that is like this, once it is there. */
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
  // What is left of it once the host has been stopped.
  early.catch(() => {});
  return Object.assign(host, { announced: await Promise.race([announced, early]) });
}

/** The host on a folder, once it has loaded these connectors. `ask` gives status and body of its answer. */
export async function serve(plugins, cache, names) {
  const values = [
    "serve",
    "--plugins",
    plugins,
    "--cache",
    cache,
    "--listen",
    "127.0.0.1:0",
    "--log",
    "debug",
    "--reload",
    "off",
  ];
  const host = await startHost(values, /listening on (http:\/\/\S+)/);
  const address = host.announced[1];
  // Compiling may take longer than a request is held.
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
    /** A line that a connector has logged at this level. It may come a little later than the answer. */
    logged: (level, text) => host.line((line) => line.includes(level) && line.includes(text)),
  });
}

/** An API that answers from `routes`, by path. */
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
