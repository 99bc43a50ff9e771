"""EDGE: lines that come in any order and leave in that of their numbers.

What has to wait is kept in a file without a name once it is much, so memory does not grow with what
one slow record holds back. A thread writes, so that a reader who is slow holds nobody's reply up.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from typing import IO

IN_MEMORY = 1 << 20
"""Bytes of lines that wait, before they go to disk."""

GATHERED_S = 0.01
"""How long what is ready waits for what follows: a thread that wakes takes as long as ten lines."""

MOST_READY = 1 << 20
"""Bytes that may wait for the reader before nothing new is begun."""


class Lineup:
    """Numbers count from 1. With `ordered` false, whoever comes may leave.

    `write` puts bytes where they belong, and raises what it cannot do.
    """

    def __init__(self, write: Callable[[bytes], None], ordered: bool = True) -> None:
        self._write = write
        self._ordered = ordered
        self._next = 1
        self._waiting: dict[int, tuple[int, int] | bytes] = {}
        self._held = 0
        self._file: IO[bytes] | None = None
        self._end = self._on_disk = 0
        self._ready: list[bytes] = []
        self._size = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False

    def put(self, number: int, line: bytes) -> None:
        """`line` is what there is to say of `number`; it may be nothing."""
        if self._ordered and number != self._next:
            self._keep(number, line)
            return
        self._leave(line)
        if not self._ordered:
            return
        self._next += 1
        while self._next in self._waiting:
            self._leave(self._fetch(self._next))
            self._next += 1

    def lead(self, line: bytes) -> None:
        """`line` goes before all numbers."""
        self._leave(line)

    def close(self, gap: bytes = b"") -> None:
        """Nothing more comes: what waited for those who did not come leaves, in order, with `gap`
        in the place of each."""
        for number in sorted(self._waiting):
            self._leave(gap * (number - self._next) + self._fetch(number))
            self._next = number + 1
        self._closed = True
        self._changed.set()

    async def room(self) -> None:
        """Wait until what is ready is no longer too much for the reader."""
        await self._room.wait()

    async def run(self) -> None:
        """Write what is ready, until `close`."""
        try:
            while not (self._closed and not self._ready):
                if not self._ready:
                    self._changed.clear()
                    await self._changed.wait()
                    if not self._closed:
                        await asyncio.sleep(GATHERED_S)
                    continue
                whole = b"".join(self._ready)
                self._ready.clear()
                await asyncio.to_thread(self._write, whole)
                self._size -= len(whole)
                if self._size < MOST_READY:
                    self._room.set()
        finally:
            if self._file is not None:
                self._file.close()

    def _leave(self, line: bytes) -> None:
        if not line:
            return
        self._ready.append(line)
        self._size += len(line)
        if self._size >= MOST_READY:
            self._room.clear()
        self._changed.set()

    def _keep(self, number: int, line: bytes) -> None:
        if self._held + len(line) <= IN_MEMORY:
            self._held += len(line)
            self._waiting[number] = line
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="mcli-")  # noqa: SIM115 - for as long as the run
        self._file.seek(self._end)
        self._file.write(line)
        self._waiting[number] = self._end, len(line)
        self._end += len(line)
        self._on_disk += 1

    def _fetch(self, number: int) -> bytes:
        kept = self._waiting.pop(number)
        if isinstance(kept, bytes):
            self._held -= len(kept)
            return kept
        assert self._file is not None
        at, size = kept
        self._file.seek(at)
        line = self._file.read(size)
        self._on_disk -= 1
        if not self._on_disk:
            self._file.truncate(0)
            self._end = 0
        return line
