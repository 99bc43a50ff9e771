"""bash, pipes, timeout and bisect."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from tests.faults.scenes import Scene, hangup, ok
from tests.faults.server import End, FaultyServer
from tests.program import Program
from tests.scripting.page import BUSY, NO_KEY, by_text, example, instead, letters, need

pytestmark = pytest.mark.sweep

LABEL, VERDICT, AGAIN, LOOP = (example("bash", number, "sh") for number in range(4))
HEAD, DIFF = (example("Pipes", number, "sh") for number in range(2))
TIMEOUT = example("timeout", 0, "sh")
BISECT = example("git bisect run", 0, "sh")


def test_a_label_names_the_folder_and_a_failure_moves_nothing(
    desk: Program, server: FaultyServer
) -> None:
    (desk.home / "bug").mkdir()
    (desk.home / "mail.txt").write_text("it crashes\n")
    server.play([NO_KEY, ok("bug")])
    failed, done = desk.shell(LABEL), desk.shell(LABEL)

    assert (failed.code, failed.slug) == (77, "auth")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (desk.home / "bug" / "mail.txt").exists()


@pytest.mark.parametrize(
    ("scene", "code", "place"),
    [(ok("spam"), 0, "spam"), (ok("ham"), 0, "inbox"), (BUSY, 75, ""), (NO_KEY, 77, "")],
)
def test_a_question_has_three_answers(
    desk: Program, server: FaultyServer, scene: Scene, code: int, place: str
) -> None:
    for folder in ("spam", "inbox"):
        (desk.home / folder).mkdir()
    (desk.home / "mail.txt").write_text("buy now\n")
    server.play(scene)

    assert desk.shell(VERDICT).code == code
    assert (desk.home / place / "mail.txt").exists()


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("script", "code", "slept"),
    [
        ([ok("Short.")], 0, "0\n"),
        ([BUSY, BUSY, ok("Short.")], 0, "0\n60\n300\n"),
        ([BUSY, NO_KEY, ok("Short.")], 77, "0\n60\n"),
        ([BUSY], 75, "0\n60\n300\n"),
    ],
)
def test_again_later_only_where_that_can_help(
    desk: Program, server: FaultyServer, script: list[Scene], code: int, slept: str
) -> None:
    instead(desk, "sleep", 'echo "$1" >> "$HOME/slept"')
    server.play(script)

    assert desk.shell(AGAIN).code == code
    assert (desk.home / "slept").read_text() == slept
    assert (desk.home / "summary.txt").exists() == (code == 0)


def test_the_loop_stops_at_a_failure_and_goes_on_where_it_stopped(
    desk: Program, server: FaultyServer
) -> None:
    folder = letters(desk)
    server.play([ok("Short."), BUSY])
    failed = desk.shell(LOOP)
    server.play(ok("Short."))
    done = desk.shell(LOOP)

    assert (failed.code, failed.slug) == (75, "server_busy")
    assert (done.code, done.out, done.err, len(server.requests)) == (0, "", "", 2)
    assert len(list(folder.glob("*.summary"))) == 3


def test_ctrl_c_ends_the_whole_loop(desk: Program, server: FaultyServer) -> None:
    letters(desk)
    server.play(hangup(End.STALL))
    desk.shell("true")  # makes the wrapper
    env = {**desk.env, "PATH": f"{desk.home}/bin:{desk.env['PATH']}"}
    bash = subprocess.Popen(
        ["bash", "-c", LOOP], env=env, cwd=desk.home, start_new_session=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not server.requests and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(bash.pid, signal.SIGINT)

    assert bash.wait(10) == -signal.SIGINT
    assert len(server.requests) == 1


@pytest.mark.parametrize("lines", [5, 200_000])
def test_head_may_leave_early(desk: Program, server: FaultyServer, lines: int) -> None:
    server.play(ok("\n".join(f"name {n}" for n in range(lines))))
    done = desk.shell(HEAD)

    assert (done.code, done.out, done.err) == (0, "name 0\nname 1\nname 2\n", "")


def test_a_failure_in_front_of_head_is_still_one(desk: Program, server: FaultyServer) -> None:
    server.play(BUSY)

    assert (desk.shell(HEAD).code, desk.shell(HEAD).slug) == (75, "server_busy")


@pytest.mark.parametrize(
    ("git", "code", "asked", "written"),
    [
        ("echo 3 files", 0, 1, True),
        ("echo no such branch >&2; exit 128", 66, 0, False),
        ("echo 3 files; exit 1", 1, 1, True),
    ],
)
def test_a_producer_that_fails_shows(
    desk: Program, server: FaultyServer, git: str, code: int, asked: int, written: bool
) -> None:
    instead(desk, "git", git)

    assert (desk.shell(DIFF).code, len(server.requests)) == (code, asked)
    assert (desk.home / "change.txt").exists() == written


def test_the_deadline_of_mcli_comes_before_that_of_timeout(
    desk: Program, server: FaultyServer
) -> None:
    done = desk.shell(TIMEOUT)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (desk.home / "summary.txt").read_text() == "Paris.\n"

    server.play(hangup(End.STALL))
    assert TIMEOUT.count("330") == TIMEOUT.count("5m") == 1
    late = desk.shell(TIMEOUT.replace("330", "30").replace("5m", "1s"))
    assert (late.code, late.slug) == (75, "deadline")


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("third", "code", "verdict"),
    [
        (ok("clear"), 0, "{4} is the first bad commit"),
        (ok("confusing"), 0, "{3} is the first bad commit"),
        (BUSY, 2, "There are only 'skip'ped commits left to test"),
        (NO_KEY, 128, "exit code 255"),
    ],
    ids=["clear", "confusing", "busy", "no-key"],
)
def test_bisect_finds_the_commit(
    desk: Program, server: FaultyServer, third: Scene, code: int, verdict: str
) -> None:
    need("git")
    commits = "git init -q .; " + "".join(
        f"echo text {n} > INSTALL.md; git add INSTALL.md; git commit -q -m {n}; git tag t{n}; "
        for n in range(1, 6)
    )
    server.play(
        by_text({"text 2": ok("clear"), "text 3": third, "text 4": ok("confusing")}, ok("clear"))
    )
    done = desk.shell(f"{commits} git tag v1.0 t1; {BISECT}")
    hashes = desk.shell("git rev-parse t1 t2 t3 t4 t5").out.split()

    assert verdict.format("", *hashes) in done.out + done.err
    assert done.code == code or code == 128  # how it says "aborted" differs between versions
