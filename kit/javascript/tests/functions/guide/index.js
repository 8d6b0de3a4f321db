// Weld's guide as a Cloud Function in Node: a schema, a page from a state with a rate limit, and pauses.
const functions = require("@google-cloud/functions-framework");
const axios = require("axios");
const dayjs = require("dayjs");

const API_URL = "https://api.punkapi.com/v2/beers";
const token = process.env.API_BEARER_TOKEN;
const headers = { Authorization: "Bearer " + token, Accept: "application/json" };
const PER_PAGE = 2;

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function getSchema() {
  return {
    schema: {
      beers: {
        primary_key: ["id"],
        fields: [
          { name: "id", type: "int" },
          { name: "first_brewed", type: ["null", "string"], default: null },
        ],
      },
    },
  };
}

async function getPage(name, state) {
  const page = state.next_page || 1;
  const rateLimit = state.rate_limit || { left: 3, reset: null };
  if (rateLimit.left === 0) {
    console.log(`the quota is spent, waiting until ${rateLimit.reset}`);
    await sleep(3600);
    rateLimit.left = 3;
  }
  await sleep(0.5);
  const { data } = await axios.get(API_URL, { headers, params: { page, per_page: PER_PAGE } });
  const insert = data.map((beer) => ({ ...beer, seen: dayjs(beer.first_brewed).format("MM/YYYY") }));
  const hasMore = data.length === PER_PAGE;
  return {
    insert,
    state: {
      next_page: hasMore ? page + 1 : 1,
      rate_limit: { left: rateLimit.left - 1, reset: dayjs("2026-01-02").toISOString() },
    },
    hasMore,
  };
}

functions.http("weldConnector", async (req, res) => {
  if (req.headers.authorization !== `Bearer ${process.env.WELD_API_KEY}`) {
    return res.status(401).send("Unauthorized");
  }
  if (req.method === "GET" && req.path.endsWith("/schema")) {
    return res.json(getSchema());
  }
  const { name, state } = req.body;
  if (name !== "beers") {
    return res.status(404).json({ error: `there is no table ${name}` });
  }
  res.status(200).json(await getPage(name, state));
});
