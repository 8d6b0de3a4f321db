// The same table as a connector of the JavaScript kit.
import { connector, env, expectOk, fetch } from "weld-connector";

const PER_PAGE = 80;

export const source = connector({
  tables: {
    beers: {
      primaryKey: "id",
      fields: { id: "int", name: "string" },
      async fetchPage({ next_page }) {
        const page = next_page || 1;
        const response = await expectOk(
          fetch(`${env("API_BASE_URL")}/beers?page=${page}&per_page=${PER_PAGE}`, {
            headers: { Authorization: `Bearer ${env("API_BEARER_TOKEN")}` },
          }),
        );
        const insert = await response.json();
        const hasMore = insert.length === PER_PAGE;
        const ratelimit = {
          remaining: response.headers.get("x-ratelimit-remaining"),
          limit: response.headers.get("x-ratelimit-limit"),
        };
        return { insert, state: { next_page: hasMore ? page + 1 : null, ratelimit }, hasMore };
      },
    },
  },
});
