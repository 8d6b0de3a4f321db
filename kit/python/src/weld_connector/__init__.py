"""Weld custom connectors in Python, for weld-host.

A connector is a class with two methods, and one line that exports it:

    from weld_connector import Connector, Field, Page, Table, export

    class Shop(Connector):
        def schema(self):
            return [Table("orders", primary_key="id", fields=[Field("id", "int")])]

        def fetch_page(self, table, state):
            return Page([{"id": 1}])

    Source = export(Shop)
"""

from . import _host, _preload, requests
from ._environment import env
from ._export import export
from .connector import Connector, Field, Page, Table
from .errors import (
    ConnectorError,
    InvalidState,
    Misconfigured,
    OutOfTime,
    RateLimited,
    Unauthorized,
    UnknownTable,
    Upstream,
)

__all__ = [
    "Connector",
    "ConnectorError",
    "Field",
    "InvalidState",
    "Misconfigured",
    "OutOfTime",
    "Page",
    "RateLimited",
    "Table",
    "Unauthorized",
    "UnknownTable",
    "Upstream",
    "env",
    "export",
    "requests",
]

_preload.load()
if _host.in_component:
    from . import _component as _component
