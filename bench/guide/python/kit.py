"""The same table as a connector of the Python kit."""

from typing import Any

from weld_connector import Connector, Field, Page, Table, UnknownTable, env, export, requests

PER_PAGE = 80


class Beers(Connector):
    def schema(self) -> list[Table]:
        return [Table("beers", primary_key="id", fields=[Field("id", "int"), Field("name", "string")])]

    def fetch_page(self, table: str, state: dict[str, Any]) -> Page:
        if table != "beers":
            raise UnknownTable(table)
        page = state.get("next_page") or 1
        response = requests.get(
            f"{env('API_BASE_URL')}/beers",
            params={"page": page, "per_page": PER_PAGE},
            headers={"Authorization": f"Bearer {env('API_BEARER_TOKEN')}"},
        )
        response.raise_for_status()
        rows = response.json()
        has_more = len(rows) == PER_PAGE
        limit = {
            "remaining": response.headers.get("x-ratelimit-remaining"),
            "limit": response.headers.get("x-ratelimit-limit"),
        }
        state = {"next_page": page + 1 if has_more else None, "ratelimit": limit}
        return Page(rows, state=state, has_more=has_more)


Source = export(Beers)
