"""EDGE: the event loop in the main thread, and leaving it at once."""

from __future__ import annotations

import asyncio
import gc
import os
import stat
from collections.abc import Coroutine
from typing import Any, TypeVar

from mcli import ending, system
from mcli import failing as failing  # now: at its end a long run may find another version there
from mcli.errors import ReaderGone

T = TypeVar("T")
STDOUT = 1
_FEW = (700, 10, 10)
"""How often garbage is looked for once the work has begun: as Python does by itself."""


def run(work: Coroutine[Any, Any, T], watch: bool) -> T:
    """What `work` returns; with `watch`, ReaderGone as soon as nobody reads stdout any more.

    The loop is closed without waiting for its threads, one of which may sit in a resolver that
    never answers.
    """
    gc.freeze()  # what the start made stays, so nobody need look through it
    gc.set_threshold(*_FEW)
    try:
        loop = asyncio.new_event_loop()
    except OSError:
        work.close()  # else Python warns that it never ran
        raise
    loop.set_exception_handler(ending.in_loop)
    task = loop.create_task(work)
    gone: list[bool] = []

    def leave() -> None:
        gone.append(True)
        loop.remove_reader(STDOUT)
        task.cancel()

    try:
        if watch and system.POSIX and stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
            # The writing end of a pipe is "readable" only when its reader has gone.
            loop.add_reader(STDOUT, leave)
        return loop.run_until_complete(task)
    except asyncio.CancelledError:
        if gone:
            raise ReaderGone from None
        raise
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
