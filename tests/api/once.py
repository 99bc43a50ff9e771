"""The wire for tests that have an event loop of their own: nothing of it is left when that ends."""

from __future__ import annotations

import asyncio
from types import TracebackType

from mcli.api.pool import Pool
from mcli.api.wire import Opener


class Once(Pool):
    """Connections are kept from one attempt to the next, and not from one request to another."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        await asyncio.sleep(0)


def opener(url: str) -> Opener:
    """What opens the wire to `url`."""
    made = Once(url)
    return lambda _: made
