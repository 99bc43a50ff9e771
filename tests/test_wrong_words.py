"""A word that is none: what was meant, in the one line, and nothing where it is about a secret."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.faults.server import FaultyServer
from tests.program import KEY, Program


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("askk",), 'no such command "askk": did you mean "ask"? see mcli --help'),
        (("count",), 'did you mean "count-tokens"?'),
        (("recipes", "chek"), 'did you mean "check"? see mcli recipes --help'),
        (("zzz",), "known: ask, batch"),
        (("ask", "--modle", "x"), "no such option: --modle: did you mean --model? see mcli ask"),
        (("ask", "--temp", "0"), "did you mean --temperature?"),
        (("ask", "--max-token", "3"), "did you mean --max-tokens?"),
        (("batch", "--retry-failled", "x"), "did you mean --retry-failed?"),
        (("codegen", "x", "--no-chek"), "did you mean --no-check?"),
        (("--versoin",), "did you mean --version?"),
        (("--model", "x", "ask"), "flags stand behind the command, as in mcli ask --model"),
        (("ask", "--zzz"), "no such option: --zzz: see mcli ask --help"),
        (("run", "sumarize"), 'did you mean "summarize"?'),
        (("help", "ak"), 'did you mean "ask"? a command has its own --help'),
        (("help", "enviroment"), 'did you mean "environment"?'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_was_meant_is_told(mcli: Program, argv: tuple[str, ...], said: str) -> None:
    done = mcli(*argv)

    assert (done.code, done.out) == (2, "")
    assert done.slug in ("usage", "unknown_recipe", "unknown_topic")
    assert said in done.err


def test_a_profile_that_was_meant_is_told(mcli: Program) -> None:
    done = mcli("ask", "hi", "--profile", "megalm")

    assert (done.code, done.slug) == (78, "unknown_profile")
    assert 'did you mean "megallm"?' in done.err


@pytest.mark.parametrize(
    "flag",
    ["--key", "--api-key", "--apikey", "--token", "--api-token", "--secret", "--password", "--auth",
     "--no-keys"],
)  # fmt: skip
def test_nothing_is_suggested_for_a_secret(mcli: Program, server: FaultyServer, flag: str) -> None:
    for argv in ((flag, KEY), (f"{flag}={KEY}",)):
        done = mcli("ask", "hi", *argv)

        assert (done.code, done.slug) == (2, "usage")
        assert "no flag takes a key, since others can read it there; use MCLI_API_KEY" in done.err
        assert "did you mean" not in done.err
        assert KEY not in done.err
    assert server.connections == 0


def test_a_wrong_word_with_json_is_an_envelope(mcli: Program) -> None:
    told = mcli("askk", "--json").json

    assert told["error"]["slug"] == "usage"
    assert 'did you mean "ask"?' in told["error"]["hint"]


def test_a_wrong_word_cannot_drive_a_terminal_or_fill_it(mcli: Program) -> None:
    done = mcli("\x1b[2J" + "x" * 5000)

    assert done.slug == "usage"
    assert "\x1b" not in done.err
    assert len(done.err) < 1000


def test_what_may_be_a_key_is_not_told(mcli: Program) -> None:
    done = mcli("sk-proj-5d1e77c09a3b4f2e8d615d1e77c09a3b")

    assert 'no such command "sk-proj-…"' in done.err


class TestAlone:
    def test_in_a_pipe_it_is_one_line_that_says_what_to_try(self, mcli: Program) -> None:
        done = mcli()

        assert (done.code, done.out, done.slug) == (2, "", "usage")
        assert "try first: mcli sandbox -- mcli ask hello; git diff | mcli ask" in done.err
        assert "; mcli help [usage]" in done.err

    def test_on_a_terminal_it_shows_three_things_to_try(self, tmp_path: Path) -> None:
        program = Program(tmp_path / "home")
        screen, terminal = pty.openpty()
        done = subprocess.run(
            program.argv(), env=program.env, stderr=terminal, stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL, timeout=60, check=False,
        )  # fmt: skip
        os.close(terminal)
        shown = os.read(screen, 4096).decode().replace("\r\n", "\n").splitlines()
        os.close(screen)

        assert (done.returncode, done.stdout) == (2, b"")
        assert [line.split("  ")[1] for line in shown[1:4]] == [
            "mcli sandbox -- mcli ask hello",
            'git diff | mcli ask "Any risk in it?"',
            "mcli help",
        ]
        assert shown[0] == "Try first:"
        assert shown[4].endswith("missing command: see mcli --help [usage]")
        assert len(shown) == 5
        assert max(map(len, shown[:4])) < 80

    def test_the_first_thing_to_try_needs_nothing(self, tmp_path: Path) -> None:
        program = Program(tmp_path / "home")

        assert program.shell("mcli sandbox -- mcli ask hello").code == 0

    def test_a_group_alone_names_its_commands(self, mcli: Program) -> None:
        done = mcli("recipes")

        assert (done.code, done.slug) == (2, "usage")
        assert "give one of list, show, check, test, schema; see mcli recipes --help" in done.err
