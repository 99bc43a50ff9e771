"""The wire, its pure parts: bytes, replies and waits as tables and properties.

`run` drives a coroutine by a clock that jumps to the next timer, so that no test ever waits.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Where a loop would sleep, the clock moves on instead."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which an hour takes no time."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What `coroutine` comes to, by the jumping clock."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(coroutine)


class Wire:
    """The bytes of a reply, piece by piece; it counts what was taken, and may fall silent."""

    def __init__(self, pieces: Iterable[bytes], silent: bool = False) -> None:
        self._pieces = pieces
        self._silent = silent
        self.taken = 0
        self.closed = False

    async def bytes(self) -> AsyncGenerator[bytes, None]:
        """The pieces; with `silent`, nothing and no end after them."""
        try:
            for piece in self._pieces:
                self.taken += len(piece)
                yield piece
            if self._silent:
                await asyncio.Event().wait()
        finally:
            self.closed = True


def json_like(fields: str) -> st.SearchStrategy[Any]:
    """Any JSON whose objects often have the `fields` that a reader looks for."""
    names = st.sampled_from(fields.split()) | st.text(max_size=3)
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=8,
    )


def growth(work: Callable[[int], object], size: int) -> float:
    """How much more processor time `work(8 * size)` takes than `work(size)`: about 8 if the time is
    linear, 64 if it is quadratic. Each is the best of three, since the machine may be busy.
    """
    small, large = (min(_seconds(work, times * size) for _ in range(3)) for times in (1, 8))
    return large / small


def _seconds(work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start
