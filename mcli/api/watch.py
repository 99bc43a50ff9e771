"""EDGE: what happens on a connection before the reply's header is there, as the library tells it.

The HTTP library has no bound on interim (1xx) replies, and none on the whole of connecting: names,
addresses, proxy and TLS together. Its `trace` extension names each step and hands out the streams,
which is enough to hold both bounds without a transport of our own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcli.expressions import expression

MOST_INTERIM = 20
"""Interim replies before the real one (RFC 9110 §15.2 sets no bound; no server needs many)."""

_INTERIM = expression(rb"HTTP/1\.[01] 1\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n")
_KIND = len("HTTP/1.1 ")
"""Where in a status line the digit stands that makes it an interim one."""

Read = Callable[..., Awaitable[bytes]]


class TooManyInterim(Exception):
    """More than MOST_INTERIM interim replies came before the real one."""

    def __init__(self) -> None:
        super().__init__(f"more than {MOST_INTERIM} interim replies")


class Line:
    """A connection, which requests may share one after the other; `watch` follows the one that has
    it now."""

    def __init__(self) -> None:
        self.watch: Watch | None = None


class Watch:
    """Follows one request: pass `trace` to the library as the extension of that name.

    `timer` is the bound on connecting; it ends when the request itself begins to be sent. `server`
    is how messages name the server, and `address` its host and port as the library has them.
    """

    def __init__(
        self, server: str, address: tuple[str, int], timer: asyncio.Timeout, line: Line
    ) -> None:
        self._server, self._address, self._timer = server, address, timer
        self._peer = address
        self._head: bytearray | None = bytearray()
        self._interim = 0
        self._line = line
        line.watch = self

    @property
    def host(self) -> str:
        """The server, and by way of which proxy it is called; a proxy's password is not told."""
        if self._peer == self._address:
            return self._server
        return f"{self._server} (via the proxy {self._peer[0]}:{self._peer[1]})"

    async def trace(self, step: str, info: Mapping[str, Any]) -> None:
        """The library's report of one step."""
        if step == "connection.connect_tcp.started":
            self._peer = (info["host"], info["port"])
        elif step.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info["return_value"]
            stream.read = _counting(stream.read, self._line)
        elif step == "http11.send_request_headers.started":
            self._head, self._interim = bytearray(), 0
            if info["request"].method != b"CONNECT":
                self._timer.reschedule(None)
        elif step == "http11.receive_response_headers.complete":
            self._head = None

    def count(self, data: bytes) -> None:
        """Look for interim replies at the beginning of what is read, until another reply begins."""
        if self._head is None:
            return
        self._head += data
        while found := _INTERIM.match(self._head):
            self._interim += 1
            del self._head[: found.end()]
        if self._interim > MOST_INTERIM:
            raise TooManyInterim
        if bytes(self._head[_KIND : _KIND + 1]) not in (b"", b"1"):
            self._head = None


def _counting(read: Read, line: Line) -> Read:
    async def counted(*args: Any, **options: Any) -> bytes:
        data = await read(*args, **options)
        if line.watch is not None:
            line.watch.count(data)
        return data

    return counted
