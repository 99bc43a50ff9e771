"""EDGE: replies that come together are let in a few at a time.

The loop takes all that is ready one step further, and then all of it one more, and from a reply to
the next request in its place there are several. A thousand replies that come together would so
become requests together, behind the work of all of them, and come back together, for ever: half a
second more for each. By threes each goes out as soon as its own work is done, and they drift apart.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

AT_ONCE = 3
STEPS = 8
"""Rounds of the loop from a reply to the next request, and some to spare."""


class Turnstile:
    """One for the replies of a run."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Callable[[], None]] = deque()
        self._free = AT_ONCE
        self._steps = 0

    def enter(self, go: Callable[[], None]) -> None:
        """Call `go`, now or when its turn comes."""
        if not self._free:
            self._waiting.append(go)
            return
        self._free -= 1
        go()
        if not self._steps:
            self._begin()

    def _begin(self) -> None:
        self._steps = STEPS
        self._loop.call_soon(self._step)

    def _step(self) -> None:
        self._steps -= 1
        if self._steps:
            self._loop.call_soon(self._step)
            return
        self._free = AT_ONCE
        while self._waiting and self._free:
            self._free -= 1
            self._waiting.popleft()()
        if self._free < AT_ONCE:
            self._begin()
