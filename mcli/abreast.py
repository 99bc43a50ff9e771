"""SHELL: requests side by side."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from mcli.errors import Failure

AT_ONCE = 8
"""Requests in flight, where nobody says otherwise."""


async def run(
    count: int,
    one: Callable[[int], Awaitable[None]],
    failures: list[Failure],
    at_once: int = AT_ONCE,
) -> None:
    """Do `one` for each number below `count`, `at_once` at a time; what fails is added to
    `failures`.

    After a failure nothing new is begun, and what is in flight may end: it is paid for, and may be
    kept.
    """
    waiting = deque(range(count))

    async def work() -> None:
        while waiting and not failures:
            try:
                await one(waiting.popleft())
            except Failure as failure:
                failures.append(failure)

    workers = [asyncio.ensure_future(work()) for _ in range(min(at_once, count))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
