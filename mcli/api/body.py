"""EDGE: the bytes of a reply, bounded in size and time, and unpacked if they came packed.

We ask for `identity`; a server that packs all the same is unpacked a bounded piece at a time (a
486 KB reply can unfold to 500 MB), and must prove its end, which HTTP libraries let pass.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from mcli.api import codec
from mcli.errors import BadReply, Failure, Recovery, TryAgain

LARGEST = 64 << 20
"""Bytes of a reply, unpacked."""

IDLE_S = 60.0
"""The longest silence inside a reply."""

_PIECE = 64 << 10


async def pieces(raw: AsyncIterator[bytes], packing: str, host: str) -> AsyncGenerator[bytes, None]:
    """The body piece by piece, as the server means it, from the bytes that come over the wire.

    Raises TryAgain or BadReply.
    """
    unpack = _unpacker(packing, host)
    size = 0
    while True:
        piece = await _next(raw, host)
        for part in unpack.feed(piece) if piece else unpack.close():
            size += len(part)
            if size > LARGEST:
                raise too_large(host)
            yield part
        if not piece:
            return


async def whole(parts: AsyncIterator[bytes]) -> bytes:
    """All the pieces as one."""
    return b"".join([part async for part in parts])


async def _next(raw: AsyncIterator[bytes], host: str) -> bytes:
    """The next bytes, or none at the end."""
    try:
        async with asyncio.timeout(IDLE_S):
            return await anext(raw, b"")
    except TimeoutError:
        raise TryAgain(
            "stalled", f"{host} fell silent in the middle of its reply", "run it again",
            recovery=Recovery.CHARGED,
        ) from None  # fmt: skip


def too_large(host: str) -> BadReply:
    """A reply, or an event in it, that is over our limits."""
    return BadReply("limit_exceeded", f"the reply of {host} is over the size limit", charged="yes")


class _Plain:
    def feed(self, piece: bytes) -> list[bytes]:
        return [piece]

    def close(self) -> list[bytes]:
        return []


class _Inflate:
    """gzip or deflate, a bounded piece at a time; only a proven end is an end."""

    def __init__(self, host: str) -> None:
        self._engine = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._host = host

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            if self._engine.eof:
                raise self._spoilt("goes on behind its end")
            try:
                yield self._engine.decompress(piece, _PIECE)
            except zlib.error:
                raise self._spoilt("is damaged") from None
            piece = self._engine.unconsumed_tail or self._engine.unused_data

    def close(self) -> list[bytes]:
        rest = self._engine.flush()
        if not self._engine.eof:
            raise self._spoilt("was cut")
        return [rest]

    def _spoilt(self, how: str) -> Failure:
        return codec.spoilt("bad_encoding", f"the packed reply of {self._host} {how}")


def _unpacker(packing: str, host: str) -> _Plain | _Inflate:
    if packing in ("", "identity"):
        return _Plain()
    if packing in ("gzip", "x-gzip", "deflate"):
        return _Inflate(host)
    raise BadReply(
        "bad_encoding", f"the reply of {host} came packed as {packing[:40]}, unasked",
        charged="yes",
    )  # fmt: skip
