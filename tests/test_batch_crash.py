"""A batch that is killed anywhere, or whose disk fails anywhere, and goes on (SQLite's loop).

After each: the output is that of the undisturbed run, and the server was asked once for each record
and once more for at most as many as were in flight.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
import zlib
from collections import Counter
from typing import Any

import pytest

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import Program, Result
from tests.scripting.page import missing

RECORDS = 6
WORDS = [f"w{n}" for n in range(RECORDS)]
BATCH = ("batch", "-e", "Say {{ data }}", "in.txt", "--text")
WHOLE = "".join(f"{word}!\n" for word in WORDS)

DRAFT = f".mcli-{zlib.crc32(b'out'):08x}"
"""What `out` is called until it is whole (`outfile`)."""

pytestmark = pytest.mark.skipif(missing("strace"), reason="strace is not installed")


def said(seen: Seen) -> str:
    return str(seen.body["messages"][-1]["content"]).removeprefix("Say ")


def echo(seen: Seen) -> Reply:
    scene: Any = ok(said(seen) + "!")
    return scene(seen) if callable(scene) else scene


@pytest.fixture
def many(mcli: Program, server: FaultyServer) -> Program:
    server.play(echo)
    (mcli.home / "in.txt").write_text("".join(f"{word}\n" for word in WORDS))
    return mcli


def injected(many: Program, files: tuple[str, ...], fault: str, *flags: str) -> Result:
    """The batch, with a fault (`CALL:…`) at calls on these files."""
    paths = [word for file in files for word in ("-P", str(many.home / file))]
    trace = ("strace", "-f", "-qq", "-o", "/dev/null", *paths, "-e", f"inject={fault}")
    return many.started([*trace], *BATCH, *flags)


def fresh(many: Program) -> None:
    for name in ("out", "out.journal", "j"):
        (many.home / name).unlink(missing_ok=True)


def outcome(many: Program, flags: tuple[str, ...]) -> tuple[int, str]:
    """Going on with it, to its end: the status, and what it says."""
    done = many(*BATCH, *flags)
    out = many.home / "out"
    return done.code, out.read_text() if "-o" in flags else done.out


def over(server: FaultyServer) -> int:
    """How many requests were one too many."""
    return sum(count - 1 for count in Counter(map(said, server.requests)).values())


TO_STDOUT = ("--journal", "j"), "j"
TO_FILE = ("-o", "out"), "out.journal"


@pytest.mark.sweep
@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize(("flags", "file"), [TO_STDOUT, TO_FILE], ids=["stdout", "file"])
@pytest.mark.parametrize("call", ["flock", "write", "fdatasync", "openat"])
def test_killed_at_each_call_and_killed_again(
    many: Program, server: FaultyServer, call: str, flags: tuple[str, ...], file: str, jobs: int
) -> None:
    flags = (flags[0], str(many.home / flags[1]))  # a call that opens it tells only its name
    for when in range(1, 40):
        fresh(many)
        server.play(echo)
        kill = f"{call}:signal=KILL:when={when}"
        first = injected(many, (file,), kill, *flags, "-j", str(jobs))
        if first.code != -signal.SIGKILL:
            assert (first.code, over(server)) == (0, 0)
            assert when > 1
            return
        assert WHOLE.startswith(first.out)
        injected(many, (file,), kill, *flags, "-j", str(jobs))  # once more, in the resume
        assert outcome(many, flags) == (0, WHOLE)
        assert over(server) <= 2 * jobs
    pytest.fail("it was still killed")


@pytest.mark.sweep
@pytest.mark.parametrize("call", ["rename", "fsync", "fchmod", "write"])
@pytest.mark.slow
def test_killed_while_the_file_is_put_in_place(
    many: Program, server: FaultyServer, call: str
) -> None:
    """The old file or the new one, and nothing between."""
    for when in range(1, 10):
        fresh(many)
        (many.home / "out").write_text("old\n")
        server.play(echo)
        done = injected(many, ("out", DRAFT), f"{call}:signal=KILL:when={when}", "-o", "out")
        assert (many.home / "out").read_text() in ("old\n", WHOLE)
        if done.code == 0:
            assert when > 1
            return
        assert outcome(many, ("-o", "out")) == (0, WHOLE)
        assert over(server) == 0
    pytest.fail("it was still killed")


@pytest.mark.slow
@pytest.mark.parametrize("again", ["", "+"], ids=["once", "from-then-on"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_disk_that_fails_stops_it_and_loses_nothing(
    many: Program, server: FaultyServer, call: str, error: str, again: str
) -> None:
    for when in range(1, 40):
        fresh(many)
        for rescue in (many.home / "tmp").glob("*"):
            rescue.unlink()
        (many.home / "tmp").mkdir(exist_ok=True)
        many.env["TMPDIR"] = str(many.home / "tmp")
        server.play(echo)
        fault = f"{call}:error={error}:when={when}{again}"
        done = injected(many, ("j",), fault, "--journal", "j", "-j", "2")
        if done.code == 0:
            assert when > 1
            return
        assert done.code == 74, done.err
        assert done.err.count("\n") == 1
        assert WHOLE.startswith(done.out)
        for rescue in (many.home / "tmp").glob("*"):  # as the hint says
            with (many.home / "j").open("ab") as journal:
                journal.write(rescue.read_bytes())
        assert outcome(many, ("--journal", "j")) == (0, WHOLE)
        assert over(server) <= 2
    pytest.fail("it still failed")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_random_with_many_in_flight(
    many: Program, server: FaultyServer, seed: int
) -> None:
    chance = random.Random(seed)
    words = [f"r{n}" for n in range(120)]
    (many.home / "in.txt").write_text("".join(f"{word}\n" for word in words))
    server.play(lambda seen: Reply((Pause(chance.uniform(0, 0.2)), *echo(seen).steps)))
    kills = 0
    for _ in range(4):
        asked = len(server.requests)
        running = subprocess.Popen(
            many.argv(*BATCH, "--journal", "j", "-j", "16"), env=many.env, cwd=many.home,
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        wanted = asked + chance.randrange(1, 40)
        until = time.monotonic() + 30
        while len(server.requests) < wanted and running.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)
        running.kill()
        kills += running.wait() != 0
    done = many(*BATCH, "--journal", "j", "-j", "16")
    assert (done.code, done.out) == (0, "".join(f"{word}!\n" for word in words))
    assert over(server) <= 16 * kills


@pytest.mark.slow
def test_a_journal_that_was_cut_anywhere_is_gone_on_with(
    many: Program, server: FaultyServer
) -> None:
    """Cut at every byte: whole lines count, half a line does not, and the output is the same."""
    many(*BATCH, "--journal", "j")
    whole = (many.home / "j").read_bytes()
    for size in range(0, len(whole), 7):
        server.play(echo)
        (many.home / "j").write_bytes(whole[:size])
        assert outcome(many, ("--journal", "j")) == (0, WHOLE)
        kept = whole[:size].count(b'"t":"done"')
        assert RECORDS - kept <= len(server.requests) <= RECORDS - kept + 1
