"""EDGE (pure): a call, its reply, and the seam where a call is answered: by HTTP or a recording."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mcli.shapes import frozen

CONNECT_S = 10.0
"""For name, addresses, proxy and TLS together, in each attempt."""

LARGEST_HEADER = 64 << 10
"""Bytes of a reply's header. What reads it has a bound too, but whether that holds depends on how
the bytes fall into its reads."""


@frozen
class Call:
    """An HTTP request: no body means GET."""

    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@frozen
class Reply:
    """A reply whose header has arrived; `pieces` are its body, to be read once.

    `streamed` says what the body is, where that is known; a server is believed to have sent what
    it was asked for, and a recording may have been asked for the other.
    """

    status: int
    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]
    host: str
    streamed: bool | None = None


class Wire(Protocol):
    """Answers calls."""

    def reply(self, call: Call) -> AbstractAsyncContextManager[Reply]:
        """The reply to `call` when its header is there. Raises a Failure."""
        ...


Opener = Callable[[str], AbstractAsyncContextManager[Wire]]
"""Opens the wire to a URL. Within one opening, equal calls are attempts at one request."""
