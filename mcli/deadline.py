"""EDGE: a moment that holds while the program waits outside the event loop.

Reading stdin, opening a FIFO or running a key command block the process; the alarm clock ends
them. (Inside the event loop `persist` keeps the same moment.)
"""

from __future__ import annotations

import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from mcli import durations
from mcli.errors import Failure, TryAgain


@contextmanager
def alarm(
    at: float | None, limit_s: float, late: str = "the input was not complete"
) -> Generator[None]:
    """Raise TryAgain in the block when the monotonic clock reaches `at`; None is never. `late` says
    what was not done by then."""
    if at is None or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise out_of_time(limit_s, late)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(at - time.monotonic(), 1e-6))
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def out_of_time(limit_s: float, late: str) -> Failure:
    """The failure of a command whose time ended before that was done."""
    stdin = ", or leave stdin alone with -n" if "input" in late else ""
    message = f"{late} within {durations.words(limit_s)}"
    return TryAgain("deadline", message, f"raise --timeout{stdin}")
