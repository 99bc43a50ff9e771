"""The wire for tests that have an event loop of their own: nothing of it is left when that ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mcli.api.pool import Pool
from mcli.api.wire import Opener


@asynccontextmanager
async def closed(wire: Pool) -> AsyncGenerator[Pool]:
    """The wire, whose connections are let go of in the end."""
    try:
        yield wire
    finally:
        wire.close()
        await asyncio.sleep(0)


def opener(url: str) -> Opener:
    """What opens the wire to `url`: connections are kept from one attempt to the next, and not from
    one request to another."""
    made = Pool(url)
    return lambda _: closed(made)
