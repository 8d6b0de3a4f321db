"""An answer that the function's platform, or Weld, does not accept."""

from __future__ import annotations

from weld_connector.errors import ConnectorError


class WrongAnswer(ConnectorError, TypeError):
    """The function returned something that is not a valid answer. None of its own lines raised this.

    The platform raises `TypeError`, which a function may catch if it makes the response itself.
    """
