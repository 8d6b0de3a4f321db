// `weld-connector run` with the real host: the connector runs in Node, and its requests follow the rules of its .toml file.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const KIT = fileURLToPath(new URL("../..", import.meta.url));
const here = dirname(fileURLToPath(import.meta.url));
// Below this folder, so that esbuild is found.
const folder = mkdtempSync(join(here, "native-"));
const asked = [];
const api = createServer((request, response) => {
  asked.push(`${request.url} ${request.headers["x-key"]}`);
  const page = Number(new URL(request.url, "http://api").searchParams.get("page"));
  response.end(JSON.stringify(page < 2 ? [{ id: page }, { id: 12345678901234567890n.toString() }] : []));
});

before(async () => {
  await new Promise((done) => api.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${api.address().port}`;
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(KIT, join(folder, "node_modules/weld-connector"));
  const files = {
    "package.json": '{ "name": "shop", "type": "module", "scripts": { "build": "weld-connector build" } }',
    "shop.toml": `[env]\nAPI = "${url}"\n[network]\nallow = ["${url}"]\n[auth.shop]\nurls = ["${url}"]\nkind = "api-key"\nheader = "X-Key"\nvalue = "k-secret"\n`,
    "connector.ts": `import { connector, env } from "weld-connector";
type State = { page?: number };
export const source = connector({
  tables: {
    orders: {
      primaryKey: "id",
      async fetchPage({ page = 0 }: State) {
        const rows: unknown[] = await (await fetch(\`\${env("API")}/orders?page=\${page}\`)).json();
        return { insert: rows, state: { page: page + 1 }, hasMore: rows.length > 0 };
      },
    },
    elsewhere: {
      async fetchPage() {
        await fetch("https://elsewhere.example.com/");
        throw new Error("not reached");
      },
    },
  },
});
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});

after(() => {
  api.close();
  api.closeAllConnections();
  rmSync(folder, { recursive: true });
});

function run(...values) {
  const command = spawn(process.execPath, [join(KIT, "bin/weld-connector.js"), "run", ...values], { cwd: folder });
  let [out, said] = ["", ""];
  command.stdout.on("data", (bytes) => (out += bytes));
  command.stderr.on("data", (bytes) => (said += bytes));
  return new Promise((done) => command.on("close", (status) => done({ status, out, said })));
}

test("rows come with the credential of the host, and without a component", async () => {
  const { status, out, said } = await run("--table", "orders", "--to", "-");
  assert.equal(status, 0, said);
  const ids = out.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(ids.length, 4, out);
  assert.match(said, /not sandboxed/);
  assert.deepEqual(asked, ["/orders?page=0 k-secret", "/orders?page=1 k-secret", "/orders?page=2 k-secret"]);
});

test("a host that no rule permits is refused", async () => {
  const { status, said } = await run("--table", "elsewhere");
  assert.equal(status, 1);
  assert.match(said, /allow/);
  assert.match(said, /\[network\]/);
});
