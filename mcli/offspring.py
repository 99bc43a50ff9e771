"""EDGE: processes that we start, each with a group of its own, and that must end when we do.

A signal that comes while one is being born waits until it is known here: else that one would stay.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

from mcli import system

_GRACE_S = 0.2

groups: set[int] = set()
"""Those that run just now."""
starting = threading.Lock()
"""For threads: held from the birth of a process until it is in `groups`."""
_watched: list[signal.Signals] = []
_leashes = _births = 0
_due: list[int] = []


@contextmanager
def leashed() -> Generator[None]:
    """A signal that ends us in the block, which is one of the event loop's, ends them first. What
    is ignored stays ignored, and what somebody else attends to is his: he calls `die`."""
    global _leashes
    loop = asyncio.get_running_loop()
    if not _leashes:
        _watched[:] = [n for n in system.ENDINGS if signal.getsignal(n) is signal.SIG_DFL]
        for number in _watched:
            system.attend(loop, number, die)
    _leashes += 1
    try:
        yield
    finally:
        _leashes -= 1
        if not _leashes:
            for number in _watched:
                system.let_kill(loop, number)


@contextmanager
def birth() -> Generator[None]:
    """The block starts a process by the event loop, and puts it into `groups`."""
    global _births
    _births += 1
    try:
        yield
    finally:
        _births -= 1
        if _due and not _births:
            die(_due[0])


def die(number: int) -> None:
    """End them all, and then ourselves by that signal."""
    if _births:
        _due.append(number)
        return
    held = starting.acquire(timeout=_GRACE_S)  # one that has begun is soon among them
    for group in tuple(groups):
        kill(group)
    if held:
        starting.release()
    system.die_by(number)


def kill(group: int) -> None:
    """End a group, if there still is one."""
    system.kill_group(group)
