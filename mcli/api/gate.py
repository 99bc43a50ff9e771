"""EDGE (pure): the seam where a request waits for its turn, be it for a limit or among others."""

from __future__ import annotations

import asyncio
from typing import Protocol

from mcli.chat import Completion, Request
from mcli.errors import Failure

NOT_SENT = "not_sent"
"""The slug of a request that had no leave any more, since the run that it is of has ended."""


class Turn(Protocol):
    """Leave to send one attempt at a request."""

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        """What came of it, told exactly once; neither means that it was cut off, and may have been
        charged."""
        ...


class Gate(Protocol):
    """What gives leave, to every attempt by itself."""

    async def enter(self, request: Request, deadline: float) -> Turn:
        """Wait until `request` may be sent. Raises a Failure where it may not be, or not by
        `deadline` (of the loop's clock); that it is cancelled while it waits costs nothing."""
        ...


class _Open:
    """Everybody may go at once."""

    async def enter(self, request: Request, deadline: float) -> Turn:
        return self

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        pass


OPEN: Gate = _Open()


class Narrow:
    """At most so many at a time, in the order in which they came, each of whom then waits at what
    is `behind`."""

    def __init__(self, width: int, behind: Gate) -> None:
        self._room = asyncio.Semaphore(width)
        self._behind = behind

    async def enter(self, request: Request, deadline: float) -> Turn:
        """Wait for room, and at what is behind."""
        await self._room.acquire()
        try:
            return _Leaving(self._room, await self._behind.enter(request, deadline))
        except BaseException:
            self._room.release()
            raise


class _Leaving:
    """A turn that makes room for the next one."""

    def __init__(self, room: asyncio.Semaphore, turn: Turn) -> None:
        self._room = room
        self._turn = turn

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        """Make room, and pass it on."""
        self._room.release()
        self._turn.ended(completion, failure)
