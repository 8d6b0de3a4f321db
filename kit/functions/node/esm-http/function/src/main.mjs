import axios, { AxiosError } from "axios";
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc.js";
import { getSchema } from "./schema.mjs";

dayjs.extend(utc);

const api = axios.create({
  baseURL: "https://api.example.com/v1/",
  timeout: 20_000,
  headers: { Accept: "application/json" },
});
api.interceptors.request.use((config) => {
  config.headers.Authorization = `Bearer ${process.env.SHOP_TOKEN}`;
  return config;
});
let calls = 0;
api.interceptors.response.use((response) => {
  calls += 1;
  return response;
});

async function orders({ page = 1 }) {
  const { data, status, headers } = await api.get("orders", { params: { page, per_page: 2 } });
  const insert = data.map(({ id, created_at }) => ({
    id,
    day: dayjs.utc(created_at).add(2, "hour").format("YYYY-MM-DD"),
    status,
    left: Number(headers["x-ratelimit-remaining"]),
    calls,
  }));
  return { insert, state: { page: data.length === 2 ? page + 1 : undefined }, hasMore: data.length === 2 };
}

async function caught() {
  try {
    await api.get("/status/418");
  } catch (error) {
    if (!(error instanceof AxiosError)) throw error;
    const { response, config, code } = error;
    return { insert: [{ id: response.status, text: response.data.error, url: config.url, code }], state: {}, hasMore: false };
  }
}

async function posted() {
  const { data } = await api.post("echo", new URLSearchParams({ a: "1", b: "x y" }), { auth: { username: "me", password: "p" } });
  const { data: json } = await api({ method: "put", url: "echo", data: { a: [1] } });
  const rows = [data, json].map((echo) => ({ id: echo.method, body: echo.body, type: echo.headers["content-type"].split(";")[0] }));
  return { insert: rows, state: {}, hasMore: false };
}

// The caller handles the shop's rate limit.
async function limited() {
  const { data } = await api.get("throttled");
  return { insert: data.map(({ id }) => ({ id })), state: {}, hasMore: false };
}

const lost = async () => (await api.get("status/404")).data;

export default async function connector(req, res) {
  if (req.method === "GET" && req.url.includes("schema")) return res.send(getSchema());
  const { name, state } = req.body;
  const tables = { orders, caught, posted, limited, lost };
  res.json(await tables[name](state ?? {}));
}
