"""Lines that come in any order leave in that of their numbers."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import lineup
from mcli.errors import WriteFailure
from mcli.lineup import Lineup


def through(order: list[int], ordered: bool = True, gap: bytes = b"", size: int = 1) -> list[bytes]:
    """What is written when the numbers come in that order."""
    written: list[bytes] = []

    async def story() -> None:
        line = Lineup(written.append, ordered)
        writing = asyncio.ensure_future(line.run())
        for number in order:
            line.put(number, b"%d" % number * size + b"\n")
            if number % 7 == 0:
                await asyncio.sleep(0)
        line.close(gap)
        await writing

    asyncio.run(story())
    return b"".join(written).splitlines()


@given(st.permutations(range(1, 30)))
def test_any_order_comes_out_as_one(order: list[int]) -> None:
    assert through(order) == [b"%d" % n for n in range(1, 30)]


def test_without_order_they_leave_as_they_come() -> None:
    assert through([3, 1, 2], ordered=False) == [b"3", b"1", b"2"]


def test_who_never_comes_leaves_a_gap_and_holds_nobody_back_at_the_end() -> None:
    assert through([1, 4, 6]) == [b"1", b"4", b"6"]
    assert through([1, 4, 6], gap=b"\n") == [b"1", b"", b"", b"4", b"", b"6"]


def test_what_waits_long_waits_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineup, "IN_MEMORY", 100)
    order = [*range(2, 60), 1, *range(61, 90), 60]
    assert through(order, size=20) == [b"%d" % n * 20 for n in range(1, 90)]


def test_a_slow_reader_holds_back_what_is_begun_and_not_what_comes() -> None:
    async def story() -> None:
        free = asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow(data: bytes) -> None:
            asyncio.run_coroutine_threadsafe(free.wait(), loop).result()

        line = Lineup(slow)
        writing = asyncio.ensure_future(line.run())
        line.put(1, b"x" * lineup.MOST_READY)
        room = asyncio.ensure_future(line.room())
        await asyncio.sleep(0)
        assert not room.done()
        line.put(2, b"y\n")
        free.set()
        await room
        line.close()
        await writing

    asyncio.run(story())


def test_what_cannot_be_written_is_raised() -> None:
    def full(data: bytes) -> None:
        raise WriteFailure("write_failed", "disk full")

    async def story() -> None:
        line = Lineup(full)
        writing = asyncio.ensure_future(line.run())
        line.put(1, b"x\n")
        with pytest.raises(WriteFailure):
            await writing

    asyncio.run(story())
