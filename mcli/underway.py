"""EDGE (pure): the requests of a command that are on their way, for who waits until one ends."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


class Underway:
    """`count` are on their way now, and `ended` is how many have ended. Who wants to be the next
    holds `line`, in the order of arrival."""

    def __init__(self) -> None:
        self.count = self.ended = 0
        self.line = asyncio.Lock()
        self._waiting: set[asyncio.Future[None]] = set()

    @contextmanager
    def one(self) -> Generator[None]:
        """For as long as the block, one more is."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1
            self.ended += 1
            for each in self._waiting:
                if not each.done():
                    each.set_result(None)

    async def end(self) -> None:
        """Wait until one of them ends."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(ready)
        try:
            await ready
        finally:
            self._waiting.discard(ready)
