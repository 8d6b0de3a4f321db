// The beers table as a cloud function in Node, in the form of Weld's guide. The pauses take no time here.
const functions = require("@google-cloud/functions-framework");
const axios = require("axios");

const { API_BASE_URL, API_BEARER_TOKEN, WELD_API_KEY } = process.env;
const PER_PAGE = 80;

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

function getSchema() {
  const fields = [
    { name: "id", type: "int" },
    { name: "name", type: "string" },
  ];
  return { schema: { beers: { primary_key: "id", fields } } };
}

async function getBeers(state) {
  if (state.ratelimit && state.ratelimit.remaining === 0) {
    console.log("the quota is spent");
    await sleep(0);
  }
  const page = state.next_page || 1;
  const { data, headers } = await axios.get(`${API_BASE_URL}/beers`, {
    params: { page, per_page: PER_PAGE },
    headers: { Authorization: "Bearer " + API_BEARER_TOKEN },
  });
  await sleep(0);
  const hasMore = data.length === PER_PAGE;
  return {
    insert: data,
    state: {
      next_page: hasMore ? page + 1 : null,
      ratelimit: {
        remaining: headers["x-ratelimit-remaining"] ?? null,
        limit: headers["x-ratelimit-limit"] ?? null,
      },
    },
    hasMore,
  };
}

functions.http("handler", async (req, res) => {
  if (req.headers.authorization !== `Bearer ${WELD_API_KEY}`) {
    return res.status(401).json({ error: "unauthorized" });
  }
  if (req.path === "/schema") {
    return res.json(getSchema());
  }
  const { name, state } = req.body;
  if (name !== "beers") {
    return res.status(404).json({ error: "unknown table" });
  }
  res.json(await getBeers(state || {}));
});
