"""`mcli run`: a recipe by name, by path, on the spot, or as a command of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.faults.server import FaultyServer
from tests.program import Program

TRIAGE = """\
#!/usr/bin/env -S mcli run
description: Sort a mail.
inputs:
  team: {default: support, help: Who reads it}
  labels: {type: list, required: true}
  strict: {type: boolean, default: false}
messages:
  - system: For the {{ team }} team. {{ labels }}
  - user: "{{ data }}"
"""


@pytest.fixture
def triage(mcli: Program) -> Path:
    path = mcli.home / "triage.yaml"
    path.write_text(TRIAGE)
    path.chmod(0o755)
    return path


def run(mcli: Program, *argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        argv, input=stdin, capture_output=True, check=False, env=mcli.env, cwd=mcli.home
    )


def messages(server: FaultyServer) -> list[str]:
    return [message["content"] for message in server.requests[-1].fields["messages"]]


def test_a_recipe_is_a_command_of_its_own(
    mcli: Program, server: FaultyServer, triage: Path
) -> None:
    done = run(mcli, "./triage.yaml", "-D", "labels=a,b", stdin=b"the mail")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Paris.\n", b"")
    assert messages(server) == ["For the support team. a, b", "the mail"]
    done = run(mcli, "./triage.yaml", stdin=b"the mail")
    assert done.returncode == 2
    assert b"missing: labels" in done.stderr


def test_it_tells_what_it_takes(mcli: Program, server: FaultyServer, triage: Path) -> None:
    done = run(mcli, "./triage.yaml", "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    for words in (b"Sort a mail.", b"team", b"default support: Who reads it", b"list, required"):
        assert words in done.stdout
    told = mcli("run", "triage.yaml", "-h", "--json").json["data"]
    assert told["inputs"]["labels"] == {
        "type": "list", "required": True, "default": None, "values": None, "help": None,
    }  # fmt: skip
    assert b"RECIPE" in mcli("run", "--help").stdout
    assert mcli("run", "nosuch", "--help").code == 2
    triage.write_text("modle: x\n")
    assert mcli("run", "triage.yaml", "--help").code == 78
    assert server.requests == []


@pytest.mark.parametrize(
    ("template", "data", "sent"),
    [
        ("Translate to {{ to }}:", b"hello", "Translate to German:\n\nhello"),
        ("{{ data }} in {{ to }}", b"hello", "hello in German"),
        ("Say {{ to }}", b"", "Say German"),
        ("Say {{ to }}", b"{{ to }} {% if %}", "Say German\n\n{{ to }} {% if %}"),
    ],
)
def test_one_written_on_the_spot(
    mcli: Program, server: FaultyServer, template: str, data: bytes, sent: str
) -> None:
    assert mcli("run", "-e", template, "-D", "to=German", stdin=data).out == "Paris.\n"
    assert messages(server) == [sent]


def test_files_stand_where_the_recipe_would(mcli: Program, server: FaultyServer) -> None:
    for name in ("a", "b"):
        (mcli.home / name).write_text(f"text {name}\n")
    assert mcli("run", "-e", "Sum up:", "a", "b").code == 0
    assert messages(server) == ["Sum up:\n\n==> a <==\ntext a\n\n==> b <==\ntext b\n"]


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("argv", "code", "slug"),
    [
        (["run"], 2, "usage"),
        (["run", "-e", "{{ x", "-n"], 78, "bad_template"),
        (["run", "-e", "{{ x }}", "-n"], 2, "bad_variables"),
        (["run", "-e", "{{ data }}", "-n"], 66, "empty_input"),
        (["run", "-e", " ", "-n"], 2, "blank_prompt"),
        (["run", "-e", "{{ label_lines }}", "-n"], 78, "bad_document"),
        (["run", "-e", "{% for a in b %}" * 20, "-n"], 78, "bad_template"),
        (["run", "-e", "hi", "nosuch"], 66, "unreadable"),
    ],
)
def test_what_makes_no_sense(
    mcli: Program, server: FaultyServer, argv: list[str], code: int, slug: str
) -> None:
    done = mcli(*argv)
    assert (done.code, done.slug, done.out) == (code, slug, "")
    assert server.requests == []


def test_bytes_that_are_no_text_are_no_template(mcli: Program, server: FaultyServer) -> None:
    done = mcli("run", "-e", os.fsdecode(b"\xff"), "-n")
    assert (done.code, server.requests) == (65, [])
