"""EDGE: one HTTP/1.1 connection, which requests may have one after the other; the owner of h11.

h11 says what bytes mean, and asyncio brings them: between the two there is nothing but bounds. What
a reply left behind its end is never the beginning of the next one: such a connection is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from functools import lru_cache

import h11

from mcli import system
from mcli.api.turnstile import Turnstile
from mcli.shapes import frozen

MOST_INTERIM = 20
"""Interim replies before the real one (RFC 9110 §15.2 sets no bound; no server needs many)."""

MOST_IDLE_S = 2.0
"""A connection is closed before servers and proxies usually close it."""

Headers = tuple[tuple[bytes, bytes], ...]

_LARGEST_HEADER = 100 * 1024
_MOST_UNREAD = 256 << 10
"""Bytes that lie here before the server is held up."""


class Garbled(Exception):
    """What came is not HTTP."""


class Hangup(Exception):
    """The connection ended, or was reset, before the reply did. `heard` says that the request was
    read: something of a reply had come, or the end in place of it, when all had arrived. (A server
    that leaves something unread resets the connection by closing it.)"""

    def __init__(self, heard: bool) -> None:
        super().__init__("the connection ended")
        self.heard = heard


@frozen
class Header:
    """The header of a reply, its names in lower case; `size` is in bytes."""

    status: int
    fields: dict[str, str]
    size: int


class Connection(asyncio.Protocol):
    """Requests and replies in turns: `ask`, then `piece` until nothing comes, then `free`.

    `served` is how many requests it was asked before the present one; -1 before the first.
    """

    def __init__(self, turnstile: Turnstile) -> None:
        self._loop = asyncio.get_running_loop()
        self._turnstile = turnstile
        self._transport: asyncio.Transport | None = None
        self._has_come: Callable[[], bool] | None = None
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEADER)
        self._unread: list[bytes] = []
        self._size = 0
        self._held_up = self._ended = self._told_end = self._heard = False
        self._reset = False
        self._waiter: asyncio.Future[None] | None = None
        self._idle_since = 0.0
        self.served = -1

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._has_come = system.looking(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        self._unread.append(data)
        self._size += len(data)
        if self._size > _MOST_UNREAD and not self._held_up and self._transport is not None:
            self._held_up = True
            self._transport.pause_reading()
        if self._waiter is not None:
            self._turnstile.enter(self._wake)

    def eof_received(self) -> None:
        assert self._transport is not None
        number = self._transport.get_extra_info("socket").fileno()
        self._heard = self._heard or system.has_arrived(number)
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        # Some servers end TLS without a word; whether the reply is whole is told by its framing.
        self._reset = exc is not None and not isinstance(exc, ssl.SSLEOFError)
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What a caller wants.

    async def ask(self, target: bytes, headers: Headers, content: bytes | None) -> Header:
        """Send a request, whose reply's header this is. Raises Garbled, Hangup, and ValueError for
        what cannot be sent."""
        assert self._transport is not None
        self.served += 1
        self._heard = False
        try:
            self._transport.write(self._request(target, headers, content))
        except h11.LocalProtocolError as error:
            raise ValueError(str(error)) from None
        interim = 0
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return _header(event)
            interim += 1
            if interim > MOST_INTERIM:
                raise Garbled(f"more than {MOST_INTERIM} interim replies")

    def _request(self, target: bytes, headers: Headers, content: bytes | None) -> bytes:
        size = -1 if content is None else len(content)
        parts = [self._http.send(_head(target, headers, size))]
        if content:
            parts.append(self._http.send(h11.Data(content)))
        parts.append(self._http.send(h11.EndOfMessage()))
        return b"".join(part for part in parts if part)

    @property
    def ready(self) -> bool:
        """Whether the next piece need not be waited for."""
        return bool(self._unread) or self._ended

    async def piece(self) -> bytes:
        """Some of the reply's body; nothing at its end. Raises Garbled and Hangup."""
        while isinstance(event := await self._next(), h11.Data):
            if event.data:
                return bytes(event.data)
        return b""

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if self._told_end and "peer closed" in str(error):
                    raise Hangup(self._heard) from None
                raise Garbled(str(error)) from None
            if event is not h11.NEED_DATA:
                return event  # pyright: ignore[reportReturnType] - NEED_DATA is the other one
            while not self._unread and not self._ended:
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            self._feed()

    def _feed(self) -> None:
        """Hand on what has come, or that nothing more will."""
        if not self._unread:
            waits = self._http.their_state is h11.SEND_RESPONSE
            if waits or self._reset:
                raise Hangup(self._heard)
            self._told_end = True
            self._http.receive_data(b"")
            return
        self._heard = True
        self._http.receive_data(
            self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
        )
        self._unread.clear()
        self._size = 0
        if self._held_up and self._transport is not None:
            self._held_up = False
            self._transport.resume_reading()

    def free(self) -> bool:
        """Make it ready for the next request; false if it is none that can be kept."""
        http = self._http
        whole = http.our_state is h11.DONE and http.their_state is h11.DONE
        if not whole or self._unread or self._ended or http.trailing_data[0]:
            return False
        http.start_next_cycle()
        self._idle_since = self._loop.time()
        return True

    def is_alive(self) -> bool:
        """Whether a request may be sent on a connection that was kept: nothing came meanwhile, be
        it an end or what no one asked for."""
        if self._unread or self._ended or self._loop.time() - self._idle_since > MOST_IDLE_S:
            return False
        return self._has_come is not None and not self._has_come()

    def close(self) -> None:
        """Drop it, and what is still on its way."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()


@lru_cache(1024)
def _head(target: bytes, headers: Headers, size: int) -> h11.Request:
    """The head of a request, which is the same for many; `size` is that of the body, if there is
    one. To check it takes as long as to send it."""
    told = list(headers)
    if size >= 0:
        told.append((b"Content-Length", b"%d" % size))
    return h11.Request(method="GET" if size < 0 else "POST", target=target, headers=told)


def _header(reply: h11.Response) -> Header:
    pairs = list(reply.headers)
    # Each name and value, with the colon, blank and line end that came with them.
    size = sum(len(name) + len(value) + 4 for name, value in pairs)
    try:
        return Header(reply.status_code, _fields(pairs, "utf-8"), size)
    except UnicodeDecodeError:
        return Header(reply.status_code, _fields(pairs, "latin-1"), size)


def _fields(pairs: Iterable[tuple[bytes, bytes]], encoding: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("ascii"), raw_value.decode(encoding)
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields
