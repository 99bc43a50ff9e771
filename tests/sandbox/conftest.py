from __future__ import annotations

from collections.abc import Iterator

import pytest

from mcli.sandbox.server import Server, open_server


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Server]:
    """A sandbox without a bad day, for all tests that need no other."""
    server = open_server(0)
    server.start()
    yield server
    server.close()
