"""Of replies that come together each is worked at to its end, a few side by side."""

from __future__ import annotations

import asyncio

import pytest

from mcli.api import turnstile
from mcli.api.turnstile import Turnstile


async def _played(count: int, steps: int) -> list[str]:
    """What happens where so many come at once, each with work of so many rounds of the loop."""
    gate, told = Turnstile(), list[str]()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def work(n: int, left: int) -> None:
        if left:
            loop.call_soon(work, n, left - 1)
            return
        told.append(f"end {n}")
        if n == count - 1:
            ended.set()

    def begin(n: int) -> None:
        told.append(f"begin {n}")
        work(n, steps)

    for n in range(count):
        gate.enter(lambda n=n: begin(n))
    await ended.wait()
    return told


def test_the_first_have_ended_when_the_next_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "AT_ONCE", 2)

    told = asyncio.run(_played(6, turnstile.STEPS - 2))

    both = [[f"{what} {n}" for what in ("begin", "end") for n in (at, at + 1)] for at in (0, 2, 4)]
    assert told == [each for pair in both for each in pair]


def test_everybody_gets_in_however_long_the_work_of_others_takes() -> None:
    told = asyncio.run(_played(40, 5 * turnstile.STEPS))

    assert [each for each in told if each.startswith("begin")] == [f"begin {n}" for n in range(40)]


def test_who_comes_alone_does_not_wait() -> None:
    async def story() -> None:
        gate, told = Turnstile(), list[int]()
        for n in range(3):
            gate.enter(lambda n=n: told.append(n))
            assert told[-1] == n
            for _ in range(turnstile.STEPS + 1):
                await asyncio.sleep(0)

    asyncio.run(story())
