"""`mcli completion` and the files of `completions/`: made from the commands, and all of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.server import FaultyServer
from tests.program import ROOT, Program
from tests.test_docs import COMMANDS

FOLDER = ROOT / "completions"
FILES = {"bash": "mcli.bash", "zsh": "_mcli", "fish": "mcli.fish", "powershell": "mcli.ps1"}
TEXTS = {shell: (FOLDER / name).read_text() for shell, name in FILES.items()}


@pytest.mark.parametrize("shell", FILES)
def test_it_prints_the_file_byte_for_byte(mcli: Program, shell: str) -> None:
    done = mcli("completion", shell)

    assert (done.code, done.stdout, done.err) == (0, (FOLDER / FILES[shell]).read_bytes(), "")


def test_the_files_are_those_that_are_made_of_the_commands(tmp_path: Path) -> None:
    subprocess.run(
        [ROOT / ".ci" / "make-completions", tmp_path],
        env={**os.environ, "PYTHON": sys.executable}, check=True, timeout=60,
    )  # fmt: skip
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}

    assert made == {path.name: path.read_text() for path in FOLDER.iterdir()}, "make-completions"


@pytest.mark.parametrize("shell", FILES)
def test_every_command_and_flag_is_in_every_script(shell: str) -> None:
    text = TEXTS[shell]
    for name in COMMANDS:
        for word in name.split():
            assert re.search(rf"\b{re.escape(word)}\b", text), name
        for flag in flags(name):
            short = f"-l {flag[2:]} " if flag.startswith("--") else f"-s {flag[1:]} "
            assert (short if shell == "fish" else flag) in text, f"{name} {flag}"


def flags(name: str) -> list[str]:
    options = [p for p in COMMANDS[name].params if p.param_type_name == "option"]
    return [flag for option in options for flag in (*option.opts, *option.secondary_opts)]


def test_json_is_one_envelope_with_the_script(mcli: Program) -> None:
    told = mcli("completion", "fish", "--json").json

    assert told["ok"] is True
    assert told["data"] == {"shell": "fish", "script": TEXTS["fish"]}


@pytest.mark.parametrize("words", [[], ["tcsh"], [""]], ids=str)
def test_another_shell_is_a_usage_error(mcli: Program, words: list[str]) -> None:
    done = mcli("completion", *words)

    assert (done.code, done.slug, done.out) == (2, "usage", "")


def test_it_needs_no_configuration_key_or_network(mcli: Program, server: FaultyServer) -> None:
    mcli.configure("profile: [broken\n")
    done = mcli("completion", "bash", MCLI_BASE_URL="nonsense", HOME="")

    assert (done.code, done.err) == (0, "")
    assert server.connections == 0


def test_bash_reads_its_script_in_all_its_moods() -> None:
    """`set -u`, `failglob` and POSIX mode are a person's to choose; so are files with odd names."""
    script = "set -eu; shopt -s failglob nullglob; . ./mcli.bash; complete -p mcli mcli-llm"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=FOLDER, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("-F _mcli") == 2


def test_powershell_has_its_words_in_quotes_that_end() -> None:
    """No PowerShell is at hand: in its script nothing is open at the end of a line of a table."""
    for line in TEXTS["powershell"].splitlines():
        if line.lstrip().startswith(", @("):
            assert re.fullmatch(r" +, @\('(?:[^']|'')*'(?:, '(?:[^']|'')*')*\)+", line), line
    assert TEXTS["powershell"].count("{") == TEXTS["powershell"].count("}")
