"""The connector {{name}}: two tables of the demo API. Replace them with your own."""

from datetime import datetime, timedelta, timezone
from typing import Any

from weld_connector import Connector, Field, Page, Table, UnknownTable, env, export, requests

BEERS_PER_PAGE = 80
ORDERS_PER_PAGE = 50

# The longest delay after which an order may become visible, including the difference between the clocks.
OVERLAP = timedelta(minutes=1)


# The columns and their types. Weld loads columns that are not declared as text.
BEERS = [
    Field("id", "int"),
    Field("name", "string"),
    Field("tagline", "string"),
    Field("first_brewed", "string"),
    Field("description", "string"),
    Field("image_url", "string"),
    Field("abv", "double"),
    Field("ibu", "double", nullable=True),
    Field("target_fg", "double"),
    Field("target_og", "double"),
    Field("ebc", "double"),
    Field("srm", "double"),
    Field("ph", "double"),
    Field("attenuation_level", "double"),
    Field("volume", "object"),
    Field("boil_volume", "object"),
    Field("method", "object"),
    Field("ingredients", "object"),
    Field("food_pairing", "array"),
    Field("brewers_tips", "string"),
    Field("contributed_by", "string"),
]
ORDERS = [
    Field("id", "int"),
    Field("customer_id", "int"),
    Field("status", "string"),
    Field("currency", "string"),
    Field("total", "double"),
    Field("items", "array"),
    Field("ship_to", "object"),
    Field("note", "string", nullable=True),
    Field("revision", "int"),
    Field("created_at", "datetime"),
    Field("updated_at", "datetime"),
]


class DemoApi(Connector):
    def schema(self) -> list[Table]:
        return [
            Table("beers", primary_key="id", fields=BEERS),
            Table("orders", primary_key="id", fields=ORDERS),
        ]

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        if table == "beers":
            return self.beers(state)
        if table == "orders":
            return self.orders(state)
        raise UnknownTable(table)

    def beers(self, state: dict[str, Any]) -> Page:
        """Fetch by page number; each sync fetches everything."""
        number = state.get("page", 1)
        rows = get("beers", page=number, per_page=BEERS_PER_PAGE)
        if len(rows) < BEERS_PER_PAGE:
            return Page(rows)
        return Page(rows, state={"page": number + 1}, has_more=True)

    def orders(self, state: dict[str, Any]) -> Page:
        """Fetch by time of change, then id; each sync fetches the orders that changed since the last sync."""
        began = state.get("began") or datetime.now(timezone.utc).isoformat()
        since, after_id = state.get("since"), state.get("after_id")
        rows = get("orders", updated_since=since, after_id=after_id, limit=ORDERS_PER_PAGE)
        if len(rows) < ORDERS_PER_PAGE:
            return Page(rows, state={"since": datetime.fromisoformat(began) - OVERLAP})
        last = rows[-1]
        return Page(rows, state={"since": last["updated_at"], "after_id": last["id"], "began": began}, has_more=True)


def get(path: str, **params: Any) -> Any:
    # The host adds the token and waits for the API's quota. An error that is not caught here is reported to Weld.
    response = requests.get(f"{env('API_BASE_URL')}/{path}", params=params, timeout=60)
    response.raise_for_status()
    return response.json()


Source = export(DemoApi)
