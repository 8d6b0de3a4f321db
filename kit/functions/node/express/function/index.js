const functions = require("@google-cloud/functions-framework");
const axios = require("axios").default;

require("dotenv").config();

const KEY = process.env.WELD_API_KEY;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

class Shop {
  #token = null;

  async token() {
    this.#token ??= (await axios.post("https://api.example.com/v1/login", "user=me")).data.token;
    return this.#token;
  }

  async get(path, params) {
    const headers = { Authorization: `Session ${await this.token()}` };
    for (let attempt = 0; ; attempt += 1) {
      const response = await axios.get(`https://api.example.com/v1${path}`, { params, headers, validateStatus: () => true });
      if (response.status === 200) return response.data;
      if (response.status !== 429 || attempt === 3) throw new Error(`${path}: ${response.status}`);
      await wait(Number(response.headers["retry-after"]) * 10);
    }
  }
}

const shop = new Shop();

const TABLES = {
  orders: async () => {
    const pages = await Promise.all([1, 2, 3].map((page) => shop.get("/orders", { page })));
    return pages.flat().map(({ id }) => ({ id }));
  },
  throttled: async () => (await shop.get("/throttled")).map(({ id }) => ({ id })),
  dates: async () => [{ id: 1n.toString(), at: new Date(Date.UTC(2024, 1, 29)), none: undefined, not: NaN, map: [...new Map([["a", 1]])] }],
  big: async () => [{ id: 10n }],
  gone: async () => shop.get("/status/410"),
  silent: async () => new Promise(() => {}),
};

functions.http("weld", async (req, res) => {
  if (req.get("authorization") !== `Bearer ${KEY}`) return res.sendStatus(401);
  res.set("X-Powered-By", "a function").type("json");
  if (req.originalUrl.replace(/^\/+/, "") === "schema") {
    const tables = Object.keys(TABLES).map((name) => [name, { primary_key: "id" }]);
    return res.status(200).send(JSON.stringify({ schema: Object.fromEntries([...tables, ["ended", { primary_key: "id" }]]) }));
  }
  const { name } = req.body;
  if (name === "ended") return res.status(200).end();
  if (!(name in TABLES)) return res.status(404).json({ error: `no table ${name}` });
  const insert = await TABLES[name]();
  res.write(JSON.stringify({ insert, state: {}, hasMore: false }));
  res.end();
});
