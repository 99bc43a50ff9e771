"""The workers of a batch: what is kept before it is shown, and what a crash left open."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from mcli.api.pace import Pace
from mcli.batch import Halt
from mcli.book import Book
from mcli.crew import Crew
from mcli.each import Each
from mcli.press import Press
from mcli.record import Record
from tests.api import run
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import Program
from tests.test_batch import SAY, envelopes, lines, played, said, wait_for

ENVELOPE = {"attempts": 1, "ok": True, "cached": False, "usage": None, "cost_usd": 0.0}


class Scene:
    """Book, asker and press at once: what happened, in order; the disk takes its time."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self._closed = asyncio.Event()

    def claim(self, record: Record, written: bool = False) -> Record:
        return record

    def key(self, record: Record) -> str:
        return f"k{record.n}"

    def find(self, key: str, record: Record) -> None:
        return None

    def begin(self, key: str, record: Record) -> None:
        self.told.append(("begun", record.n))

    def known(self, envelope: dict[str, Any] | None) -> dict[str, Any] | None:
        return envelope

    async def envelope(self, record: Record) -> dict[str, Any]:
        return ENVELOPE

    async def keep(self, key: str, record: Record, told: dict[str, Any]) -> None:
        await asyncio.sleep(5)
        self.told.append(("kept", record.n))

    async def put(self, record: Record, envelope: dict[str, Any]) -> None:
        self.told.append(("shown", record.n))

    async def room(self) -> None:
        return

    async def run(self) -> None:
        await self._closed.wait()

    def close(self) -> None:
        self._closed.set()


async def records(count: int) -> AsyncIterator[Record]:
    for n in range(1, count + 1):
        yield Record(n, f"line {n}", "x")


def test_an_answer_is_in_the_journal_before_it_is_shown() -> None:
    async def story() -> list[tuple[str, int]]:
        scene = Scene()
        book, each, press = cast("Book", scene), cast("Each", scene), cast("Press", scene)
        await Crew(records(3), each, Pace(2), book, press).work(2, Halt())
        return scene.told

    told = run(story())
    for n in (1, 2, 3):
        assert [word for word, number in told if number == n] == ["begun", "kept", "shown"]


def but_slow(seen: Seen) -> Reply:
    """`Say slow` is answered too late for anybody."""
    reply = played(ok("done"), seen)
    return Reply((Pause(60), *reply.steps)) if said(seen) == "Say slow" else reply


@pytest.mark.parametrize(
    ("doubt", "code", "asked"), [("skip", 3, []), ("fail", 65, []), ("retry", 0, ["Say slow"])]
)
def test_in_doubt_what_may_be_paid_is_asked_left_out_or_refused(
    mcli: Program, server: FaultyServer, doubt: str, code: int, asked: list[str]
) -> None:
    server.play(but_slow)
    words = [*SAY, "--journal", "j", "-j", "1"]
    with subprocess.Popen(
        mcli.argv("batch", *words), env=mcli.env, cwd=mcli.home,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdin is not None
        running.stdin.write(lines("quick", "slow"))
        running.stdin.close()
        wait_for(lambda: len(server.requests) == 2)
        running.send_signal(signal.SIGKILL)

    server.play(ok("done"))
    done = mcli("batch", *words, "--in-doubt", doubt, stdin=lines("quick", "slow"))
    assert done.code == code
    assert list(map(said, server.requests)) == asked
    if doubt == "skip":
        assert envelopes(done.out)[1]["error"]["slug"] == "in_doubt"
        assert envelopes(done.out)[1]["error"]["charged"] == "maybe"
