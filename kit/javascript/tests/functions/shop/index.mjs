// A Lambda with a function URL, as an ECMAScript module that uses only Node's own modules.
import https from "node:https";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LABELS } from "./lib/labels.js";
import tables from "./tables.json" with { type: "json" };

const { SHOP_TOKEN, SHOP_REGION = "eu" } = process.env;
const started = Math.random();
const here = dirname(fileURLToPath(import.meta.url));
const [currency] = readFileSync(join(here, "data", "currencies.csv"), "utf8").split(",");

const request = (path, body) =>
  new Promise((resolve, reject) => {
    const options = {
      hostname: "shop.example.com",
      path,
      method: body ? "POST" : "GET",
      headers: { "X-Token": SHOP_TOKEN, "Content-Type": "application/json" },
    };
    const sent = https.request(options, (res) => {
      const chunks = [];
      res.on("data", (chunk) => chunks.push(chunk));
      res.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (res.statusCode !== 200) reject(new Error(`${res.statusCode} ${res.statusMessage}: ${text}`));
        else resolve(JSON.parse(text));
      });
    });
    sent.on("error", reject);
    if (body) sent.write(JSON.stringify(body));
    sent.end();
  });

export const handler = async (event, context) => {
  if (event.rawPath === "/schema") {
    return { statusCode: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ schema: tables }) };
  }
  const { name, state } = JSON.parse(event.body);
  if (context.getRemainingTimeInMillis() < 1000) throw new Error("there is no time");
  const { orders, cursor } = await request(`/${SHOP_REGION}/${name}`, { after: state.cursor ?? null });
  return {
    insert: orders.map((order) => ({
      ...order,
      currency,
      label: LABELS[order.kind] ?? "other",
      digest: createHash("sha256").update(String(order.id)).digest("hex").slice(0, 8),
    })),
    state: { cursor, started },
    hasMore: cursor !== null,
  };
};
