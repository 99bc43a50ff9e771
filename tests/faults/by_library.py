"""The program with the wire that calls by way of a proxy have: that of the HTTP library.

A seam of the tests: `python -m tests.faults.by_library` in place of `python -m mcli`.
"""

from __future__ import annotations

import sys

from mcli.__main__ import entry
from mcli.api import pool

if __name__ == "__main__":
    sys.argv[0] = "mcli"
    pool.Pool = pool.Clients  # pyright: ignore - no URL has a wire of ours
    entry()
