"""EDGE: the wire of a batch: a connection for each call in flight, kept for the next one.

A client has one connection, since a pool of many looks through all of them at every call
(measured: `mcli help batch`), and all share one TLS context, which takes 25 ms to make.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType

from mcli.api import client
from mcli.api.client import Client
from mcli.api.wire import Call, Opener, Reply


class Pool:
    """Connections to one endpoint. Open for as long as the process; a context that does nothing
    stands for the wire of each request, so that it may take the place of one."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tls = client.tls_for(url)
        self._idle: list[Client] = []

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Connections stay."""

    @asynccontextmanager
    async def reply(self, call: Call) -> AsyncGenerator[Reply]:
        """Send `call` and yield the reply when its header is there. Raises a Failure."""
        one = self._idle.pop() if self._idle else Client(self._url, True, self._tls)
        async with one.reply(call) as reply:
            yield reply
        self._idle.append(one)


def opener(url: str) -> Opener:
    """What opens the wire for each request of a run: always the same."""
    pool = Pool(url)
    return lambda _: pool
