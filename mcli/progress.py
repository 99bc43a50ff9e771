"""SHELL: how far a batch is, for a person who watches it, and with -v for a log, once a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from mcli import batch, durations, output
from mcli.batch import Tally
from mcli.said import Said

_BLINK_S = 0.25
_LOG_S = 60.0


class Progress:
    """`share` says how much of the input has been read, from 0 to 1; None where nobody knows."""

    def __init__(
        self, tally: Tally, share: Callable[[], float | None], said: Said, began: float
    ) -> None:
        self._tally = tally
        self._share = share
        self._said = said
        self._began = began

    async def run(self) -> None:
        """Tell it again and again, until cancelled."""
        seen = output.is_watched() and not self._said.quiet
        if not seen and not self._said.verbose:
            return
        try:
            while True:
                await asyncio.sleep(_BLINK_S if seen else _LOG_S)
                if seen:
                    self._draw()
                else:
                    output.note(batch.summary(self._tally, self._elapsed()))
        finally:
            output.progress("")

    def _draw(self) -> None:
        share = self._share()
        left = f"{_left(share, self._elapsed())} left, " if share else ""
        words = batch.glance(self._tally, self._elapsed(), left)
        output.progress_of_run(share, words, self._said.color)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _left(share: float, elapsed_s: float) -> str:
    return durations.words(round(elapsed_s * (1 - share) / share))
