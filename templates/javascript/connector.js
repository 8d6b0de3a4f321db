// The connector {{name}}: two tables of the demo API. Replace them with your own.

import { connector, env, expectOk, fetch } from "weld-connector";

const BEERS_PER_PAGE = 80;
const ORDERS_PER_PAGE = 50;

// The largest delay with which an order may become visible, in milliseconds. It includes the difference of the clocks.
const OVERLAP = 60_000;

export const source = connector({
  tables: {
    // Paged by number; each sync fetches everything.
    beers: {
      primaryKey: "id",
      // Weld loads columns that are not declared as text.
      fields: {
        id: "int",
        name: "string",
        tagline: "string",
        first_brewed: "string",
        description: "string",
        image_url: "string",
        abv: "double",
        ibu: ["null", "double"],
        target_fg: "double",
        target_og: "double",
        ebc: "double",
        srm: "double",
        ph: "double",
        attenuation_level: "double",
        volume: "object",
        boil_volume: "object",
        method: "object",
        ingredients: "object",
        food_pairing: "array",
        brewers_tips: "string",
        contributed_by: "string",
      },
      async fetchPage({ page = 1 }) {
        const insert = await get("beers", { page, per_page: BEERS_PER_PAGE });
        const hasMore = insert.length === BEERS_PER_PAGE;
        return { insert, state: hasMore ? { page: page + 1 } : {}, hasMore };
      },
    },

    // Paged by time of change, then id; each sync fetches the orders that have changed since the previous one.
    orders: {
      primaryKey: "id",
      fields: {
        id: "int",
        customer_id: "int",
        status: "string",
        currency: "string",
        total: "double",
        items: "array",
        ship_to: "object",
        note: ["null", "string"],
        revision: "int",
        created_at: "datetime",
        updated_at: "datetime",
      },
      async fetchPage({ since, afterId, began = new Date().toISOString() }) {
        const insert = await get("orders", { updated_since: since, after_id: afterId, limit: ORDERS_PER_PAGE });
        if (insert.length < ORDERS_PER_PAGE) {
          return { insert, state: { since: new Date(Date.parse(began) - OVERLAP) }, hasMore: false };
        }
        const last = insert.at(-1);
        return { insert, state: { since: last.updated_at, afterId: last.id, began }, hasMore: true };
      },
    },
  },
});

// The host adds the token, and waits for the API's quota. An uncaught error is reported to Weld.
async function get(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const response = await expectOk(
    fetch(`${env("API_BASE_URL")}/${path}?${new URLSearchParams(given)}`, { timeout: 60_000 }),
  );
  return response.json();
}
