"""The program with the wire of a batch: attempts of any command go over connections that are kept.

A seam of the tests: `python -m tests.faults.pooled` in place of `python -m mcli`.
"""

from __future__ import annotations

import sys
from typing import Any

from mcli.__main__ import entry
from mcli.api import client, pool


def opened(url: str) -> Any:
    """What stands in for the wire of one request."""
    return pool.to(url)


if __name__ == "__main__":
    sys.argv[0] = "mcli"
    client.Client = opened  # pyright: ignore - the pool has the real one
    entry()
