"""A batch that was cut off without a word or by a full disk, from outside: what is saved."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.scenes import ok
from tests.faults.server import FaultyServer, Pause, Reply, Scene, Seen
from tests.program import Program

BATCH = ("batch", "-e", "Say {{ data }}", "--text", "-j", "4", "--journal", "j")


def said(seen: Seen) -> str:
    """The record that a request is about."""
    return str(seen.body["messages"][-1]["content"]).removeprefix("Say ")


def echo(seen: Seen) -> Reply:
    scene = ok(said(seen) + "!")
    return scene(seen) if callable(scene) else scene


def until(most: int) -> Scene:
    """As `echo`, but records from `most` on hang."""

    def played(seen: Seen) -> Reply:
        reply = echo(seen)
        return reply if int(said(seen)) < most else Reply((Pause(60), *reply.steps))

    return played


def numbers(count: int) -> bytes:
    return b"".join(b"%d\n" % n for n in range(count))


def answered(count: int) -> str:
    return "".join(f"{n}!\n" for n in range(count))


def killed(mcli: Program, server: FaultyServer) -> None:
    """A run of 20 records that is killed when 10 have their answers and 4 are in flight."""
    (mcli.home / "in").write_bytes(numbers(20))
    server.play(until(10))
    running = subprocess.Popen(
        mcli.argv(*BATCH, "in"), env=mcli.env, cwd=mcli.home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    shown = b"".join(running.stdout.readline() for _ in range(10))
    ends = time.monotonic() + 30
    while len(server.requests) < 14:
        assert time.monotonic() < ends
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    rest, told = running.communicate(timeout=30)

    assert (running.returncode, shown.decode(), rest, told) == (-9, answered(10), b"", b"")
    server.play(echo)


def test_a_run_that_was_killed_goes_on_and_asks_again_what_was_in_flight(
    mcli: Program, server: FaultyServer
) -> None:
    killed(mcli, server)
    again = mcli(*BATCH, "in", "-v")

    assert (again.code, again.out) == (0, answered(20))
    assert sorted(int(said(seen)) for seen in server.requests) == list(range(10, 20))
    doubted = re.search("a crash had left open whether these were answered: (.*)", again.err)
    assert doubted is not None
    assert len(doubted[1].split(", ")) == 4


def test_what_is_in_doubt_is_asked_again_left_out_or_refused(
    mcli: Program, server: FaultyServer
) -> None:
    killed(mcli, server)
    refused = mcli(*BATCH, "in", "--in-doubt", "fail")
    assert (refused.code, refused.slug, len(server.requests)) == (65, "in_doubt", 0)

    left = mcli(*BATCH, "in", "--in-doubt", "skip")
    assert (left.code, left.slug, len(server.requests)) == (3, "batch_partial", 6)
    assert left.out.splitlines()[10:14] == [""] * 4


def test_a_full_disk_stops_it_and_the_torn_end_is_passed_over(
    mcli: Program, server: FaultyServer, tmp_path: Path
) -> None:
    server.play(echo)
    (mcli.home / "in").write_bytes(numbers(200))
    spare = tmp_path / "spare"
    spare.mkdir()
    command = " ".join(f"'{word}'" for word in BATCH)
    full = mcli.shell(f"ulimit -f 4; mcli {command} in", TMPDIR=str(spare))

    assert full.code == 74
    assert full.err.count("\n") == 1
    asked = len(server.requests)
    assert asked < 40
    shown = full.out.count("\n")
    assert full.out == answered(shown)
    assert (mcli.home / "j").stat().st_size == 4096

    server.play(echo)
    again = mcli(*BATCH, "in")
    assert (again.code, again.err, again.out) == (0, "", answered(200))
    # Those in flight, and those whose line waited for the disk, are in the file that was rescued.
    assert asked - 2 * 4 <= 200 - len(server.requests) <= asked
