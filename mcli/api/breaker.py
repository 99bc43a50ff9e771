"""EDGE (pure): whether a server is still worth asking, told by what came back (reliability §4).

Ten transient failures in a row, of more than one request, make it suspect: then it is probed. One
that never answered is given up on at once, another when there was no answer for a minute. A 429 is
no answer, but a sign of life.
"""

from __future__ import annotations

from mcli.errors import Failure

IN_A_ROW = 10
SILENCE_S = 60.0


class Breaker:
    """What came of the attempts so far; moments are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._heard = now
        self._alive = False
        self._row = 0
        self._first: object = None
        self._several = False

    @property
    def suspects(self) -> bool:
        """Whether the server is to be probed only."""
        return self._row >= IN_A_ROW and self._several

    def answered(self, now: float) -> None:
        """It answered, be it with a refusal."""
        self._heard, self._alive = now, True
        self._row, self._first, self._several = 0, None, False

    def failed(self, request: object, failure: Failure, now: float) -> bool:
        """An attempt at `request` failed; whether that is the end."""
        self._alive = self._alive or failure.status == 429
        self._first = self._first or request
        self._several = self._several or self._first is not request
        self._row += 1
        return self.suspects and (not self._alive or now - self._heard >= SILENCE_S)
