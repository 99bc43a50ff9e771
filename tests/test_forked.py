"""What the quick tests start does what the program does that has an interpreter of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests import forked
from tests.faults.scenes import error, ok
from tests.faults.server import FaultyServer, Pause, Reply, Scene
from tests.program import ROOT, Program

ASK = ("ask", "hi", "--retries", "0")


def alone(mcli: Program, argv: tuple[str, ...], stdin: bytes) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        mcli.argv(*argv), env=mcli.env, cwd=mcli.home, input=stdin, capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def untimed(ended: tuple[int, bytes, bytes]) -> tuple[int, bytes, bytes]:
    """Without the seconds that a failure line tells."""
    return *ended[:2], re.sub(rb", \d+(\.\d)?s\]", b"]", ended[2])


@pytest.mark.parametrize(
    ("argv", "scene", "code"),
    [
        (ASK, ok("Zürich \x1b[1m"), 0),
        (ASK, error(401), 77),
        (("ask", "--wrong"), ok(""), 2),
        (("config", "show"), ok(""), 0),
        (("count-tokens",), ok(""), 0),
        (("help", "exit-codes"), ok(""), 0),
    ],
)
def test_it_ends_the_same_and_says_the_same(
    mcli: Program, server: FaultyServer, argv: tuple[str, ...], scene: Scene, code: int
) -> None:
    server.play(scene)
    found = forked.run(argv, mcli.env, mcli.home, b"caf\xc3\xa9", 60)

    assert untimed(found) == untimed(alone(mcli, argv, b"caf\xc3\xa9"))
    assert found[0] == code


def test_it_has_no_more_of_its_caller(mcli: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables, directory, mask and descriptors, as a command sees them that the program runs."""
    monkeypatch.setenv("MCLI_MODEL", "of-the-caller")
    seen = "{ env | sort | grep -v ^_=; pwd; umask; ls -l /proc/self/fd | wc -l; } >seen; echo k"
    mcli.configure(
        "profile: a\nprofiles:\n  a:\n    base_url: http://127.0.0.1:9/v1\n    model: m\n"
        f"    key: {{command: [sh, -c, '{seen.replace(chr(39), chr(39) * 2)}']}}\n"
    )
    forked.run(ASK, mcli.env, mcli.home, b"", 60)
    found = (mcli.home / "seen").read_text()
    alone(mcli, ASK, b"")

    assert str(mcli.home) in found
    assert "of-the-caller" not in found
    assert found == (mcli.home / "seen").read_text()


def test_one_that_takes_too_long_is_killed(mcli: Program, server: FaultyServer) -> None:
    server.play(Reply((Pause(60),)))

    with pytest.raises(subprocess.TimeoutExpired):
        forked.run(ASK, mcli.env, mcli.home, b"", 1)
    assert forked.run(("--version",), mcli.env, mcli.home, b"", 60)[0] == 0


@pytest.mark.parametrize(
    "env", [{"LC_ALL": "C"}, {"PYTHONUTF8": "1"}, {"PYTHONPATH": "/elsewhere"}], ids=str
)
def test_what_speaks_to_an_interpreter_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: dict[str, str]
) -> None:
    monkeypatch.setattr(forked, "WHOLE", False)
    plain = {"PYTHONPATH": str(ROOT)}

    assert forked.fits(["ask"], plain, tmp_path, b"")
    assert not forked.fits(["ask"], plain | env, tmp_path, b"")
    assert not forked.fits(["ask"], plain, tmp_path, bytes(forked.PIPE + 1))
    (tmp_path / "yaml.py").write_text("")
    assert not forked.fits(["ask"], plain, tmp_path, b"")
    monkeypatch.setattr(forked, "WHOLE", True)
    assert not forked.fits(["ask"], plain, tmp_path, b"")
