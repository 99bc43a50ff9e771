"""EDGE: from a host's name to a connection: addresses, a race between them, TLS.

Raises what the standard library raises: `mishaps` says what it means.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from typing import Any, TypeVar

P = TypeVar("P", bound=asyncio.BaseProtocol)

HEAD_START_S = 0.25
"""How long an address has before the next one is tried beside it (RFC 8305 §5)."""

KNOWN_S = 10.0
"""How long what a name stands for is taken to be so."""

Address = tuple[int, Any]
"""A family, and what a socket of it connects to."""


class Directory:
    """Looks names up, once for all who want to know at the same time: a resolver has a few threads,
    and a batch may open a thousand connections at once."""

    def __init__(self) -> None:
        self._looking: dict[tuple[str, int], tuple[float, asyncio.Future[list[Address]]]] = {}

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Where the host is. Raises OSError."""
        now = asyncio.get_running_loop().time()
        since, looking = self._looking.get((host, port), (0.0, None))
        if looking is None or (looking.done() and (now > since + KNOWN_S or _failed(looking))):
            looking = asyncio.ensure_future(_addresses(host, port))
            looking.add_done_callback(_failed)  # who wanted to know may have gone
            self._looking[host, port] = now, looking
        return await asyncio.shield(looking)


def _failed(looking: asyncio.Future[list[Address]]) -> bool:
    return looking.cancelled() or looking.exception() is not None


async def dial(
    addresses: Sequence[Address], host: str, tls: ssl.SSLContext | None, protocol: Callable[[], P]
) -> P:
    """A connection to one of `addresses`, which are those of `host`, over which `protocol` speaks.
    Raises OSError, and of several the first address's."""
    connected = await _race(addresses)
    try:
        _, spoken = await asyncio.get_running_loop().create_connection(
            protocol, sock=connected, ssl=tls, server_hostname=host if tls else None
        )
    except BaseException:
        connected.close()
        raise
    return spoken


async def _addresses(host: str, port: int) -> list[Address]:
    """Where the host is, the two families in turns, IPv6 first as the system does."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return [(family, (host, port))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    first = found[0][0]
    kinds = [
        [each for each in found if (each[0] == first) is is_first] for is_first in (True, False)
    ]
    turns = chain.from_iterable(zip_longest(*kinds))
    return [(each[0], each[4]) for each in turns if each is not None]


async def _race(addresses: Sequence[Address]) -> socket.socket:
    """A socket that is connected to the first address that answers."""
    if len(addresses) == 1:
        return await _connected(addresses[0])
    going: set[asyncio.Task[socket.socket]] = set()
    errors: list[BaseException] = []
    try:
        for address in (*addresses, None):
            if address is not None:
                going.add(asyncio.ensure_future(_connected(address)))
            while going:
                limit = HEAD_START_S if address is not None else None
                done, _ = await asyncio.wait(
                    going, timeout=limit, return_when=asyncio.FIRST_COMPLETED
                )
                going -= done
                for each in done:
                    error = each.exception()
                    if error is None:
                        going |= done - {each}
                        return each.result()
                    errors.append(error)
                if address is not None:
                    break  # the next one's turn, beside those that still try
        raise errors[0]
    finally:
        await _call_off(going)


async def _connected(address: Address) -> socket.socket:
    made = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, address[1])
    except BaseException:
        made.close()
        raise
    return made


async def _call_off(going: set[asyncio.Task[socket.socket]]) -> None:
    """Close what came second."""
    for each in going:
        each.cancel()
    for end in await asyncio.gather(*going, return_exceptions=True):
        if isinstance(end, socket.socket):
            end.close()
