"""What is told before anything is loaded: the version and the screens of `--help`, held to what the
definitions of the commands say, and to the contract of any other output."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mcli import __version__, help_screen
from tests.program import ROOT, Program
from tests.test_docs import ROOT_COMMAND

FOLDER = ROOT / "mcli" / "screens"
SCREENS = {
    ".".join(("mcli", *words, "txt")): text
    for words, text in help_screen.screens(ROOT_COMMAND).items()
}
FIXED = [["--version"], ["--help"], ["ask", "-h"], ["recipes", "test", "--help"]]
START = "from mcli.__main__ import entry; entry()"
"""As the script of an installation does it; `-m` would load what runs a module."""


def modules(*words: str, env: dict[str, str]) -> set[str]:
    """What a new interpreter loads by then."""
    argv = [sys.executable, "-X", "importtime", *words]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_the_screens_are_what_the_definitions_say() -> None:
    made = {path.name: path.read_text() for path in FOLDER.iterdir()}

    assert made == SCREENS, "run .venv/bin/python .ci/make-screens"


@pytest.mark.slow
def test_make_screens_writes_the_same_and_takes_away_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "mcli.gone.txt").write_text("")
    subprocess.run([sys.executable, ROOT / ".ci" / "make-screens", tmp_path], check=True)

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == SCREENS


@pytest.mark.parametrize("argv", FIXED, ids=" ".join)
def test_it_loads_nothing_but_itself(mcli: Program, argv: list[str]) -> None:
    idle = modules("-c", "pass", env=mcli.env)

    assert modules("-c", START, *argv, env=mcli.env) - idle <= {
        "__future__", "gc", "mcli", "mcli.__main__",
    }  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [["ask", "-m", "x", "--help"], ["ask", "--help", "--json"], ["--help", "--help"],
     ["recipes", "test", "-q", "-h"]],
    ids=" ".join,
)  # fmt: skip
def test_with_more_words_typer_prints_the_same(mcli: Program, argv: list[str]) -> None:
    words = [word for word in argv if word in ("ask", "recipes", "test")]
    done = mcli(*argv, COLUMNS="20")

    assert (done.code, done.out, done.err) == (0, SCREENS[".".join(("mcli", *words, "txt"))], "")


@pytest.mark.parametrize(
    "argv",
    [["askk", "-h"], ["../screens/mcli", "-h"], ["ASK", "-h"], ["count", "tokens", "-h"],
     ["recipes.test", "--help"], ["../screens/mcli.ask", "-h"], ["ask", "--hel"], ["", "-h"]],
    ids=str,
)  # fmt: skip
def test_what_is_no_command_gets_no_screen(mcli: Program, argv: list[str]) -> None:
    done = mcli(*argv)

    assert (done.code, done.out, done.slug) == (2, "", "usage")


def test_a_recipes_help_is_its_own(mcli: Program) -> None:
    assert mcli("run", "ask", "--help").out.startswith("Usage: mcli run ask")


@pytest.mark.sweep
@pytest.mark.parametrize("argv", FIXED, ids=" ".join)
@pytest.mark.parametrize("where", ["full", "closed", "for reading"])
def test_where_it_cannot_be_written_that_is_74(mcli: Program, argv: list[str], where: str) -> None:
    target = {"full": "> /dev/full", "closed": ">&-", "for reading": "1< /dev/null"}[where]
    done = mcli.shell(f"mcli {' '.join(argv)} {target}")

    assert (done.code, done.out, done.slug) == (74, "", "write_failed")


def test_what_a_disk_takes_of_it_is_not_written_again(mcli: Program) -> None:
    done = mcli.shell("ulimit -f 1; mcli batch -h > screen")

    assert (done.code, done.slug) == (74, "write_failed")
    assert (mcli.home / "screen").read_text() == SCREENS["mcli.batch.txt"][:1024]


@pytest.mark.sweep
@pytest.mark.parametrize("argv", FIXED, ids=" ".join)
def test_with_the_reader_gone_it_dies_of_that(mcli: Program, argv: list[str]) -> None:
    done = mcli.shell(f"{{ sleep 0.3; mcli {' '.join(argv)}; echo $? >&2; }} | true")

    assert done.err == "141\n"


@pytest.mark.sweep
@pytest.mark.parametrize("argv", [["--version"], ["batch", "-h"]], ids=" ".join)
def test_a_pipe_that_takes_little_gets_all_of_it_once(mcli: Program, argv: list[str]) -> None:
    said = __version__ if argv == ["--version"] else SCREENS["mcli.batch.txt"]
    inner, outside = os.pipe()
    os.set_blocking(outside, False)
    room = fcntl.fcntl(outside, fcntl.F_GETPIPE_SZ)
    filled = os.write(outside, b"." * room)
    program = subprocess.Popen(mcli.argv(*argv), env=mcli.env, stdout=outside, stderr=-1)
    os.close(outside)
    with os.fdopen(inner, "rb") as reader:
        told = reader.read()[filled:].decode()
    _, complaint = program.communicate(timeout=60)

    assert (program.returncode, complaint) == (0, b"")
    assert told == (f"mcli {said}\n" if argv == ["--version"] else said)


def test_an_interrupt_kills_it_in_silence(mcli: Program) -> None:
    inner, outside = os.pipe()
    os.set_blocking(outside, False)
    os.write(outside, b"." * fcntl.fcntl(outside, fcntl.F_GETPIPE_SZ))
    os.set_blocking(outside, True)
    said = subprocess.Popen(mcli.argv("--help"), env=mcli.env, stdout=outside, stderr=-1)
    os.close(outside)
    while said.poll() is None and Path(f"/proc/{said.pid}/stat").read_text().split()[2] != "S":
        os.sched_yield()  # until it waits for room
    said.send_signal(signal.SIGINT)
    _, complaint = said.communicate(timeout=60)
    os.close(inner)

    assert (said.returncode, complaint) == (-signal.SIGINT, b"")
