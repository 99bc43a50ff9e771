"""EDGE (pure): the seam where a request waits for its turn, be it for a limit or among others."""

from __future__ import annotations

from typing import Protocol

from mcli.chat import Completion, Request
from mcli.errors import Failure


class Turn(Protocol):
    """Leave to send one attempt at a request."""

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        """What came of it, told exactly once; neither means that it was cut off, and may have been
        charged."""
        ...


class Gate(Protocol):
    """What gives leave, to every attempt by itself."""

    async def enter(self, request: Request) -> Turn:
        """Wait until `request` may be sent. Raises a Failure where it may not be at all; that it is
        cancelled while it waits costs nothing."""
        ...


class _Open:
    """Everybody may go at once."""

    async def enter(self, request: Request) -> Turn:
        return self

    def ended(self, completion: Completion | None, failure: Failure | None) -> None:
        pass


OPEN: Gate = _Open()
