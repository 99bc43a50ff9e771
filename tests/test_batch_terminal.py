"""A batch that a person watches: how far it is, what is on the screen, and what a log gets."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import time
from contextlib import suppress
from typing import Any

import pytest

from mcli import batch, progress
from mcli.batch import Tally
from mcli.progress import Progress
from mcli.said import Said
from tests.api import run
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program
from tests.test_batch import SAY, echo, lines, numbers, played, said, slowly

GONE = b"\r\x1b[2K"


@pytest.fixture
def many(mcli: Program, server: FaultyServer) -> Program:
    server.play(echo)
    return mcli


def watched(many: Program, *argv: str, stream: str = "stderr") -> tuple[int, bytes, bytes]:
    """Run it with one stream a terminal: its code, what the terminal got, and the other stream."""
    leader, follower = pty.openpty()
    other = "stdout" if stream == "stderr" else "stderr"
    streams: dict[str, Any] = {stream: follower, other: subprocess.PIPE}
    running = subprocess.Popen(
        many.argv(*argv), env=many.env, cwd=many.home, stdin=subprocess.DEVNULL, **streams
    )
    os.close(follower)
    seen = b""
    with suppress(OSError):  # the last who had it open has closed it
        while piece := os.read(leader, 1 << 16):
            seen += piece
    os.close(leader)
    out, err = running.communicate(timeout=60)
    return running.returncode, seen, out if stream == "stderr" else err


def test_a_person_sees_how_far_it_is_and_nothing_is_left(
    many: Program, server: FaultyServer
) -> None:
    (many.home / "in").write_bytes(numbers(12))
    server.play(slowly(0.3))
    code, seen, out = watched(many, "batch", *SAY, "in", "--text", "-j", "3")

    assert (code, out) == (0, b"".join(b"%d!\n" % n for n in range(12)))
    assert b" done, 0 failed, 3 in flight, " in seen
    assert b"s left, " in seen
    assert "\u2501".encode() in seen
    assert seen.endswith(GONE)
    assert b"\n" not in seen


def test_an_input_without_an_end_has_no_bar(many: Program, server: FaultyServer) -> None:
    (many.home / "in").write_bytes(numbers(3))
    server.play(slowly(0.6))
    os.mkfifo(many.home / "pipe")
    feeding = subprocess.Popen(["sh", "-c", "cat in > pipe"], cwd=many.home)
    code, seen, _ = watched(many, "batch", *SAY, "pipe", "--text")
    feeding.wait(timeout=30)

    assert code == 0
    assert b" in flight, " in seen
    assert b" left" not in seen
    assert "\u2501".encode() not in seen


def test_quiet_shows_nothing_on_a_terminal(many: Program, server: FaultyServer) -> None:
    (many.home / "in").write_bytes(numbers(3))
    server.play(slowly(0.4))
    assert watched(many, "batch", *SAY, "in", "-q") == (0, b"", b"")


def test_a_model_does_not_drive_the_screen(many: Program, server: FaultyServer) -> None:
    (many.home / "in").write_bytes(lines("a", "b"))
    server.play(lambda seen: played(ok(f"{said(seen)[-1]}\x1b[2J\u202e"), seen))
    code, seen, err = watched(many, "batch", *SAY, "in", "--text", stream="stdout")

    assert (code, err) == (0, b"")
    assert seen == b"a\\x1b[2J\\u202e\r\nb\\x1b[2J\\u202e\r\n"


def test_nobody_is_waited_for_at_a_terminal(many: Program, server: FaultyServer) -> None:
    leader, follower = pty.openpty()
    try:
        for more in ((), ("--from", "csv"), ("--from", "files")):
            done = many("batch", *SAY, *more, stdin=follower)
            assert (done.code, done.slug) == (2, "no_data"), more
    finally:
        os.close(leader)
        os.close(follower)
    assert len(server.requests) == 0


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(progress.output, "note", told.append)
    monkeypatch.setattr(progress.output, "is_watched", lambda: False)

    async def watched(verbose: bool) -> None:
        shown = Progress(Tally(ok=3), lambda: 0.5, Said(verbose=verbose), time.monotonic() - 2)
        running = asyncio.ensure_future(shown.run())
        await asyncio.sleep(200)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(watched(verbose=False))
    assert told == []
    run(watched(verbose=True))
    assert len(told) == 3
    assert told[0].startswith("3 done, 0 failed, 0 in flight, ")


def test_a_line_that_is_cut_loses_what_matters_least() -> None:
    tally = Tally(ok=12345, failed=12, in_flight=64, tokens=123456789, cost_usd=1.25, kept=7)
    told = batch.glance(tally, 1000.0, "1m 2s left, ")
    assert told == (
        "1m 2s left, 12357 done, 12 failed, 64 in flight, 12.4/s, cost=1.25 tokens=123456789"
    )
    assert batch.summary(tally, 1000.0).startswith("12357 done (7 from the journal), 12 failed, ")
