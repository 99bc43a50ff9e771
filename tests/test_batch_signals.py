"""Signals while a batch runs: nothing new begins, what is paid for is kept, and it ends in time."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.crashing import doubted
from tests.faults.scenes import error, ok
from tests.faults.server import FaultyServer, Reply
from tests.program import Program
from tests.test_batch import SAY, echo, many, numbers, said, slowly, wait_for
from tests.test_codecheck import gone, tool, tools

__all__ = ["many", "tools"]
SOON_S = 9.0
"""Less than the grace that requests in flight have, which is 10 s."""
JOURNAL = ("--journal", "j", "-j", "4")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def started(
    program: Program,
    *args: str,
    stdin: bytes = b"",
    ignored: Any = (),
    more: bool = False,
    text: bool = True,
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, which has read `stdin`, and with `more` waits for more."""

    def signals() -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN if each in ignored else signal.SIG_DFL)

    form = ("--text",) if text else ()
    with ExitStack() as stack:
        running = stack.enter_context(
            subprocess.Popen(
                program.argv("batch", *SAY, *form, *args), env=program.env, cwd=program.home,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                preexec_fn=signals,
            )
        )  # fmt: skip
        stack.callback(running.kill)
        assert running.stdin is not None
        running.stdin.write(stdin)
        running.stdin.flush()
        if not more:
            running.stdin.close()
            running.stdin = None
        yield running


def ends(running: subprocess.Popen[bytes], within: float = SOON_S) -> tuple[bytes, str]:
    """What it said, when it has ended."""
    out, err = running.communicate(timeout=within)
    return out, err.decode()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.sweep
def test_while_stdin_gives_nothing_it_ends_at_once(
    many: Program, server: FaultyServer, number: signal.Signals
) -> None:
    with started(many, *JOURNAL, stdin=b"0\n", more=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"0!\n"
        running.send_signal(number)
        assert running.wait(SOON_S) == -number
        assert running.stderr is not None
        assert running.stderr.read().startswith(b"mcli: interrupted: 1 records are done: ")


def test_while_all_wait_for_the_server_it_ends_at_once(many: Program, server: FaultyServer) -> None:
    server.play(error(429, "busy", headers=[("retry-after", "60")]))
    with started(many, *JOURNAL, stdin=numbers(20)) as running:
        wait_for(lambda: len(server.requests) == 4)
        running.send_signal(signal.SIGTERM)
        out, err = ends(running)

    assert (running.returncode, out.strip()) == (-signal.SIGTERM, b"")
    assert err.startswith("mcli: interrupted: 0 records are done")
    assert doubted(many.home / "j") == set()
    assert len(server.requests) == 4
    server.play(echo)
    done = many("batch", *SAY, "--text", *JOURNAL, "--in-doubt", "fail", stdin=numbers(20))
    assert (done.code, len(server.requests)) == (0, 20)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.sweep
def test_what_is_in_flight_ends_and_is_kept(
    many: Program, server: FaultyServer, number: signal.Signals
) -> None:
    server.play(slowly(1))
    with started(many, *JOURNAL, stdin=numbers(20)) as running:
        wait_for(lambda: len(server.requests) == 4)
        running.send_signal(number)
        out, _ = ends(running)

    assert (running.returncode, out) == (-number, b"0!\n1!\n2!\n3!\n")
    assert len(server.requests) == 4


def test_what_is_ignored_stays_ignored(many: Program, server: FaultyServer) -> None:
    server.play(slowly(0.5))
    ignored = (signal.SIGINT, signal.SIGHUP)
    with started(many, *JOURNAL, stdin=numbers(8), ignored=ignored) as running:
        wait_for(lambda: len(server.requests) == 4)
        for number in ignored * 2:
            running.send_signal(number)
        out, err = ends(running, 30)

    assert (running.returncode, err) == (0, "")
    assert len(out.splitlines()) == 8


def much(seen: Any) -> Reply:
    """Each answer fills a pipe and more."""
    scene: Any = ok(said(seen) + "." * 300_000)
    return scene(seen)


@pytest.mark.slow
def test_a_reader_that_does_not_read_is_not_waited_for(many: Program, server: FaultyServer) -> None:
    server.play(much)
    with started(many, *JOURNAL, stdin=numbers(40)) as running:
        wait_for(lambda: (many.home / "j").exists() and len(server.requests) >= 5)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == -signal.SIGINT
    asked = set(map(said, server.requests))
    assert doubted(many.home / "j") == set()
    server.play(much)
    done = many("batch", *SAY, "--text", *JOURNAL, stdin=numbers(40))
    assert (done.code, len(done.out.splitlines())) == (0, 40)
    assert not asked & set(map(said, server.requests))


@pytest.mark.slow
def test_nor_is_it_when_all_is_answered(many: Program, server: FaultyServer) -> None:
    """The signal comes when nothing but the reader is waited for."""
    server.play(much)
    with started(many, *JOURNAL, stdin=numbers(2)) as running:
        wait_for(lambda: kept(many) == 2)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == -signal.SIGINT


def kept(program: Program) -> int:
    journal = program.home / "j"
    return journal.read_bytes().count(b'{"t":"done"') if journal.exists() else 0


def test_the_second_is_not_held_up_by_such_a_reader(many: Program, server: FaultyServer) -> None:
    server.play(much)
    with started(many, *JOURNAL, stdin=numbers(40)) as running:
        wait_for(lambda: len(server.requests) >= 5)
        running.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.5)
        running.send_signal(signal.SIGTERM)
        assert running.wait(SOON_S) == -signal.SIGTERM


def test_the_second_takes_the_checkers_along(
    many: Program, server: FaultyServer, tools: Path
) -> None:
    server.play(ok("```ruby\nputs 1\n```"))
    tool(tools, f"echo $$ >{tools}/pid.new; mv {tools}/pid.new {tools}/pid; sleep 60")
    env = {**many.env, "PATH": os.environ["PATH"]}
    words = ["env", "--default-signal", *many.argv("batch", "codegen", "-D", "task=x", "--text")]
    with subprocess.Popen(
        words, env=env, cwd=many.home, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdin is not None
        running.stdin.write(b"x\n")
        running.stdin.close()
        wait_for((tools / "pid").exists)
        running.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.5)
        running.send_signal(signal.SIGTERM)
        assert running.wait(SOON_S) == -signal.SIGTERM
    assert gone(int((tools / "pid").read_text()))


def test_files_of_their_own_are_whole_or_not_there(many: Program, server: FaultyServer) -> None:
    server.play(slowly(0.5))
    each = ("--output-each", "{n}.txt")
    words = ("batch", *SAY, *each, *JOURNAL)
    with started(many, *each, *JOURNAL, stdin=numbers(12), text=False) as running:
        wait_for(lambda: len(server.requests) >= 4)
        running.send_signal(signal.SIGINT)
        out, _ = ends(running)
    assert (running.returncode, out) == (-signal.SIGINT, b"")
    there = {path.name: path.read_text() for path in many.home.glob("*.txt")}
    assert there == {f"{n + 1}.txt": f"{n}!\n" for n in range(len(there))}
    assert len(there) == len(server.requests)

    done = many(*words, stdin=numbers(12))
    assert (done.code, done.out, len(server.requests)) == (0, "", 12)
    assert len(list(many.home.glob("*.txt"))) == 12
