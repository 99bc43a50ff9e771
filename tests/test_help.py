"""`mcli help` from outside: the pages as they are, the list, and what is not there."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from mcli import manual
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program

PAGES = sorted((ROOT / "mcli" / "help").glob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_comes_out_byte_for_byte(mcli: Program, path: Path) -> None:
    done = mcli("help", path.stem)

    assert (done.code, done.stdout, done.err) == (0, path.read_bytes(), "")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_begins_with_its_heading_and_ends_its_last_line(path: Path) -> None:
    text = path.read_text()

    assert text.startswith("# ")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_without_a_topic_it_lists_them_with_their_headings(mcli: Program) -> None:
    done = mcli("help")

    heads = {path.stem: path.read_text().partition("\n")[0] for path in PAGES}
    assert done.code == 0
    assert done.out == "".join(f"{topic}\t{head[2:]}\n" for topic, head in heads.items())
    assert done.err == ""


def test_json_is_one_envelope_with_topic_and_text(mcli: Program) -> None:
    page = mcli("help", "exit-codes", "--json").json
    listed = mcli("help", "--json").json

    assert page["ok"] is True
    text = (ROOT / "mcli" / "help" / "exit-codes.md").read_text()
    assert page["data"] == {"topic": "exit-codes", "text": text}
    assert [entry["topic"] for entry in listed["data"]] == [path.stem for path in PAGES]
    assert all(entry["title"] for entry in listed["data"])


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("exit-code", 'did you mean "exit-codes"?'),
        ("zzz", "known: codegen, examples, exit-codes"),
        ("", "known: "),
        ("../../README", "known: "),
        ("exit-codes.md", 'did you mean "exit-codes"?'),
    ],
)
def test_an_unknown_topic_is_a_usage_error(mcli: Program, topic: str, hint: str) -> None:
    done = mcli("help", topic)

    assert (done.code, done.slug, done.out) == (2, "unknown_topic", "")
    assert hint in done.err


def test_an_unknown_topic_with_json_prints_its_envelope(mcli: Program) -> None:
    done = mcli("help", "nothing", "--json")

    assert (done.code, done.json["error"]["slug"]) == (2, "unknown_topic")


def test_it_needs_no_configuration_key_or_network(mcli: Program, server: FaultyServer) -> None:
    mcli.configure("profile: [broken\n")
    done = mcli("help", "exit-codes", MCLI_BASE_URL="nonsense", MCLI_TIMEOUT="never")

    assert (done.code, done.err) == (0, "")
    assert server.connections == 0


def test_a_closed_stdout_is_an_error_and_a_reader_that_leaves_is_not(mcli: Program) -> None:
    closed = mcli.shell("mcli help exit-codes >&-")
    left = mcli.shell("{ sleep 0.2; mcli help exit-codes; } | true; echo ${PIPESTATUS[0]}")

    assert (closed.code, closed.slug) == (74, "stdout_closed")
    assert (left.out, left.err) == ("141\n", "")


def test_on_a_terminal_control_characters_are_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.md").write_text("# Odd\n\n\x1b[2J here\n")
    program = Program(tmp_path / "home")
    code = (
        "import sys; from pathlib import Path; from mcli import manual, cli; "
        f"manual._FOLDER = Path({str(tmp_path)!r}); sys.exit(cli.main(['help', 'odd']))"
    )
    screen, terminal = pty.openpty()
    argv = [program.argv()[0], "-c", code]
    subprocess.run(argv, env=program.env, stdout=terminal, check=True, timeout=60)
    os.close(terminal)

    shown = os.read(screen, 4096).decode()
    os.close(screen)
    assert shown == "# Odd\r\n\r\n\\x1b[2J here\r\n"


def test_the_topics_are_those_of_the_folder() -> None:
    assert list(manual.topics()) == [path.stem for path in PAGES]
