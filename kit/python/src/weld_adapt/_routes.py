"""Makes every HTTP client that functions use send its requests through the host."""

from __future__ import annotations

import os
import sys

from .clients import as_requests, real_requests, urllib3_pool


def install_requests(packages: str) -> None:
    """Install `requests`: the package if the folder of packages has it, or else its stand-in."""
    if os.path.isdir(os.path.join(packages, "requests")):
        real_requests.install()
    else:
        as_requests.install(has_urllib3=os.path.isdir(os.path.join(packages, "urllib3")))


def install() -> None:
    """Install the other clients, after all modules are loaded."""
    if "http.client" in sys.modules:
        # It is large, and few functions use it.
        from .clients import http_client

        http_client.install()
    urllib3_pool.install()
