"""An answer that the function's platform, or Weld, does not take."""

from __future__ import annotations

from weld_connector.errors import ConnectorError


class WrongAnswer(ConnectorError, TypeError):
    """The function answered something that can't be an answer. No line of its own raised this.

    Its platform raises `TypeError`, which a function may catch where it makes a response by itself.
    """
