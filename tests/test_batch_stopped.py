"""A batch that is to stop, or is told to come back much later, while it waits: from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from tests.faults.scenes import error, ok
from tests.faults.server import FaultyServer, Pause, Reply
from tests.program import Program
from tests.test_batch import (
    SAY,
    default_signals,
    echo,
    envelopes,
    many,
    numbers,
    played,
    wait_for,
)

__all__ = ["many"]

GRACE_S = 10
"""What only waits is not given it; the tests stay well below."""


def started(program: Program, *words: str, about: tuple[str, ...] = SAY) -> subprocess.Popen[bytes]:
    """A batch over sixty numbers."""
    running = subprocess.Popen(
        program.argv("batch", *about, *words), env=program.env, cwd=program.home,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=default_signals,
    )  # fmt: skip
    assert running.stdin is not None
    running.stdin.write(numbers(60))
    running.stdin.close()
    running.stdin = None
    return running


def test_a_signal_ends_the_wait_for_a_limit_and_nothing_more_is_sent(
    many: Program, server: FaultyServer
) -> None:
    running = started(many, "--text", "--rpm", "20", "-j", "8", "--journal", "j")
    wait_for(lambda: len(server.requests) >= 10)  # half of a minute's go at once
    time.sleep(0.3)
    asked, began = len(server.requests), time.monotonic()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)

    assert running.returncode == -signal.SIGINT
    assert time.monotonic() - began < GRACE_S - 2
    assert err.startswith(b"mcli: interrupted: ")
    assert len(server.requests) == asked == out.count(b"\n")
    # Who waited was not sent, so that nothing is in doubt.
    told = many("batch", *SAY, "--limit", "1", "--in-doubt", "fail", "--journal", "j", stdin=b"0\n")
    assert told.code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.sweep
def test_a_signal_ends_the_wait_before_a_retry(
    many: Program, server: FaultyServer, number: signal.Signals
) -> None:
    server.play(error(429, headers={"Retry-After": "60"}))
    running = started(many, "-j", "2", "--journal", "j")
    wait_for(lambda: len(server.requests) >= 2)
    time.sleep(0.3)
    began = time.monotonic()
    running.send_signal(number)
    out, err = running.communicate(timeout=30)

    assert running.returncode == -number
    assert time.monotonic() - began < GRACE_S - 2
    assert err.startswith(b"mcli: interrupted: ")
    failures = [json.loads(line)["error"] for line in out.splitlines()]
    assert all(each["slug"] == "rate_limited" and each["retryable"] for each in failures)
    server.play(echo)
    again = many("batch", *SAY, "--in-doubt", "fail", "--journal", "j", stdin=numbers(60))
    assert (again.code, len(envelopes(again.out))) == (0, 60)


def test_a_record_that_was_paid_for_may_be_asked_about_once_more_after_a_signal(
    many: Program, server: FaultyServer
) -> None:
    server.play(lambda seen: Reply((Pause(1.5), *played(ok(seconds(server)), seen).steps)))
    command = ("classify", "-D", "labels=spam,ham", "--text", "-j", "1")
    running = started(many, *command, about=())
    wait_for(lambda: len(server.requests) == 1)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=30)

    assert running.returncode == -signal.SIGINT
    assert (out, len(server.requests)) == (b"spam\n", 2)


def seconds(server: FaultyServer) -> str:
    """A label, but not the first time."""
    return "perhaps" if len(server.requests) == 1 else "spam"


def test_a_server_that_wants_more_than_two_minutes_ends_the_run(
    many: Program, server: FaultyServer
) -> None:
    server.play(error(429, headers={"Retry-After": "600"}))
    began = time.monotonic()
    done = many("batch", *SAY, "--journal", "j", stdin=numbers(100))

    assert done.code == 75
    assert "come back in 10m" in done.err
    assert "run the same command again" in done.err
    assert "[provider_busy" in done.err
    assert done.err.count("\n") == 1
    assert len(server.requests) <= 8
    assert time.monotonic() - began < 60
    server.play(echo)
    again = many("batch", *SAY, "--journal", "j", "--text", stdin=numbers(100))
    assert again.code == 0
    assert again.out == "".join(f"{n}!\n" for n in range(100))
