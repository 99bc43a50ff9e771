"""EDGE: the wire: a connection for each call in flight, kept for the next one.

Connections are our own (`connection`), which takes a third of the time that a client of the library
takes for a call (`mcli help batch`), and a tenth of what it takes to load. Where a proxy may stand
in between, calls go by the library, a client for each connection, since one of many looks through
all of them at every call.
"""

from __future__ import annotations

import asyncio
import errno
import math
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from mcli.api import address, body, dialling, mishaps, surroundings
from mcli.api.connection import Connection, Garbled, Hangup, Header, Headers
from mcli.api.turnstile import Turnstile
from mcli.api.wire import CONNECT_S, LARGEST_HEADER, Call, Reply
from mcli.errors import Recovery

if TYPE_CHECKING:
    from mcli.api.client import Client

WARY = 100
"""Calls for which no connection is kept, after a server closed one that it was to keep."""

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)


def to(url: str) -> Pool | Clients:
    """The wire to the endpoint `url`. Raises ConfigFailure."""
    return Pool(url) if surroundings.is_direct(url) else Clients(url)


class Clients:
    """Connections of the library's, which all share one TLS context."""

    def __init__(self, url: str) -> None:
        from mcli.api.client import Client  # 70 ms, for those who have a proxy

        trust = surroundings.trust(url, whole=True)
        self._made = partial(Client, trust is not None and trust.context)
        self._idle: list[Client] = []

    @asynccontextmanager
    async def reply(self, call: Call) -> AsyncGenerator[Reply]:
        """Send `call` and yield the reply when its header is there. Raises a Failure."""
        one = self._idle.pop() if self._idle else self._made()
        async with one.reply(call) as reply:
            yield reply
        self._idle.append(one)


class Pool:
    """Connections to one endpoint.

    Where no descriptor is left for one more, a call waits for one that is in use.
    """

    def __init__(self, url: str) -> None:
        self._trust = surroundings.trust(url)
        if self._trust is not None:
            self._trust.context.set_alpn_protocols(["http/1.1"])
        self._address, _ = address.of(url)
        self._server = self._address.server
        self._directory = dialling.Directory()
        self._idle: list[Connection] = []
        self._turnstile: Turnstile | None = None
        self._open = self._wary = 0
        self._most = math.inf
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._known: tuple[Mapping[str, str] | None, Headers] = (None, ())

    @asynccontextmanager
    async def reply(self, call: Call) -> AsyncGenerator[Reply]:
        """Send `call` and yield the reply when its header is there. Raises a Failure."""
        connection, header = await self._asked(call)
        try:
            if header.size > LARGEST_HEADER:
                raise body.too_large(self._server)
            packing = header.fields.get("content-encoding", "").strip().lower()
            raw = _Raw(connection, self._server)
            async with aclosing(body.pieces(raw, packing, self._server)) as pieces:
                yield Reply(header.status, header.fields, pieces, self._server)
        finally:
            self._wary = max(self._wary - 1, 0)
            if not self._wary and connection.free():
                self._idle.append(connection)
                self._wake()
            else:
                self._drop(connection)

    def close(self) -> None:
        """Let go of those that nobody uses."""
        while self._idle:
            self._drop(self._idle.pop())

    async def _asked(self, call: Call) -> tuple[Connection, Header]:
        """The connection over which the reply to `call` comes, and the reply's header."""
        connection = await self._connection()
        is_kept = connection.served >= 0
        try:
            return connection, await self._ask(connection, call)
        except Hangup as hangup:
            if not is_kept or hangup.heard:
                raise mishaps.vanished(self._server) from None
        # It was closed while nothing was on its way: that costs no attempt. Whether it was read is
        # not quite sure, so the next ones are not to meet the same.
        self._wary = WARY
        connection = await self._connection(new=True)
        try:
            return connection, await self._ask(connection, call)
        except Hangup:
            raise mishaps.vanished(self._server) from None

    async def _ask(self, connection: Connection, call: Call) -> Header:
        try:
            _, target = address.of(call.url)
            return await connection.ask(target, self._headers(call.headers), call.body)
        except BaseException as error:
            self._drop(connection)
            if isinstance(error, Garbled):
                raise mishaps.malformed(error, self._server, Recovery.PERMANENT) from None
            if isinstance(error, ValueError):
                # Its text may quote a header, and with it the key: only its kind is told.
                raise address.bad_url(error, self._server) from None
            raise

    async def _connection(self, new: bool = False) -> Connection:
        """One that nobody uses, or with `new` that nobody has used, when there is a descriptor for
        it."""
        while True:
            while self._idle and not new:
                kept = self._idle.pop()
                if kept.is_alive():
                    return kept
                self._drop(kept)
            if self._open < self._most:
                try:
                    return await self._dialled()
                except OSError:  # no descriptor is left
                    if not self._open:
                        raise  # nobody will give one back: that is no matter of the network
                    self._most = self._open
            elif self._idle:
                self._drop(self._idle.pop())
                await asyncio.sleep(0)  # only then is its descriptor free
            else:
                await self._line()

    async def _dialled(self) -> Connection:
        """A new one. Raises OSError where there is no descriptor for it, and Failures."""
        where = self._address
        if self._turnstile is None:
            self._turnstile = Turnstile()
        self._open += 1
        try:
            async with asyncio.timeout(CONNECT_S):
                addresses = await self._directory.addresses(where.host, where.port)
                return await self._dial(addresses, partial(Connection, self._turnstile))
        except BaseException as error:
            self._open -= 1
            if getattr(error, "errno", None) in _NO_DESCRIPTOR:
                raise
            self._wake()
            if isinstance(error, TimeoutError):
                raise mishaps.late(self._server, CONNECT_S) from None
            if isinstance(error, OSError):
                raise mishaps.connecting(error, self._server) from None
            if isinstance(error, UnicodeError | OverflowError):  # of a host or a port that is none
                raise address.bad_url(error, self._server) from None
            raise

    async def _dial(
        self, addresses: Sequence[dialling.Address], made: Callable[[], Connection]
    ) -> Connection:
        """A connection to one of them. Raises OSError."""
        host, trust = self._address.host, self._trust
        if trust is None:
            return await dialling.dial(addresses, host, None, made)
        was_whole = trust.is_whole  # another call may read the rest while this one waits
        try:
            return await dialling.dial(addresses, host, trust.context, made)
        except ssl.SSLCertVerificationError:
            if was_whole:
                raise
            surroundings.complete(trust)
        return await dialling.dial(addresses, host, trust.context, made)

    async def _line(self) -> None:
        """Wait until a connection is free, or may be made."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(ready)
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting:
            ready = self._waiting.popleft()
            if not ready.done():
                ready.set_result(None)
                return

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._open -= 1
        self._wake()

    def _headers(self, told: Mapping[str, str]) -> Headers:
        """The headers as they are sent, which are the same for nearly all."""
        if told != self._known[0]:
            pairs = [(name.encode(), value.encode()) for name, value in told.items()]
            host = (b"Host", self._address.header)
            self._known = dict(told), (host, (b"Connection", b"keep-alive"), *pairs)
        return self._known[1]


class _Raw:
    """The bytes of a body as they come, for `body.pieces`."""

    def __init__(self, connection: Connection, server: str) -> None:
        self._connection = connection
        self._server = server

    def __aiter__(self) -> _Raw:
        return self

    async def __anext__(self) -> bytes:
        try:
            piece = await self._connection.piece()
        except Hangup:
            raise mishaps.cut(self._server) from None
        except Garbled as error:
            raise mishaps.malformed(error, self._server, Recovery.CHARGED) from None
        if not piece:
            raise StopAsyncIteration
        return piece
