"""How many instructions a start takes, as a share of those that importing some modules of the
standard library takes on the same machine: python -m tests.startup.instructions writes the shares
that are committed.

Valgrind counts, so that no other process changes anything: two runs are alike to a millionth, and
two builds of Python 3.11 to a hundredth. It sees what no set of modules shows: tables that are made
at import, classes that are made anew, work that is done twice.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.program import ROOT, Program

from .lines import LINES, Line
from .start import PACKAGES

PATH = Path(__file__).with_name("instructions.txt")
COUNTED = (
    "--version",
    "--help",
    "__complete recipes run ''",
    "count-tokens",
    "ask -n hi",
    "ask -n hi --replay recording.jsonl",
)
MARGIN = 0.03
"""The part by which a share may differ from the committed one."""
HEAD = """\
# Instructions of a start, as shares of those of a few imports; instructions.py says of which.
# Written by: python -m tests.startup.instructions
"""
IMPORTS = "import argparse, asyncio, dataclasses, email.message, json, logging, urllib.request"
ENTRY = "from mcli.__main__ import entry; entry()"


def lines() -> list[Line]:
    """The command lines whose instructions are counted."""
    return [line for line in LINES if line.typed in COUNTED]


def share(line: Line, home: Path) -> float:
    """The instructions of that start, as a part of those of IMPORTS."""
    with line.met(home) as program:
        return _instructions(program, [ENTRY, *line.words], line.stdin) / _imports()


@cache
def _imports() -> int:
    with TemporaryDirectory() as folder:
        return _instructions(Program(Path(folder)), [IMPORTS], b"")


def _instructions(mcli: Program, code: Sequence[str], stdin: bytes) -> int:
    """How many a clean interpreter takes that finds all modules compiled."""
    with TemporaryDirectory() as compiled:
        env = {
            **mcli.env,
            "PYTHONPATH": os.pathsep.join((str(ROOT), *PACKAGES)),
            "PYTHONPYCACHEPREFIX": compiled,
            "PYTHONHASHSEED": "0",
        }
        python = [sys.executable, "-S", "-P", "-c", *code]
        counter = ["valgrind", "--tool=cachegrind", "--cache-sim=no"]
        counter.append(f"--cachegrind-out-file={os.devnull}")
        for starter in ([], counter):
            done = subprocess.run(
                [*starter, *python], env=env, cwd=mcli.home, input=stdin, capture_output=True,
                check=True, timeout=300,
            )  # fmt: skip
    found = re.search(rb"I +refs: +([\d,]+)", done.stderr)
    assert found, done.stderr.decode()
    return int(found[1].replace(b",", b""))


@cache
def committed() -> tuple[str, dict[str, float]]:
    """The version of Python that the shares were counted with, and that of each command line."""
    version, *rows = PATH.read_text().removeprefix(HEAD).splitlines()
    cells = (row.split("  ", 1) for row in rows)
    return version.removeprefix("python "), {told: float(share) for share, told in cells}


def main() -> None:
    """Count anew: half a minute."""
    text = [HEAD, f"python {platform.python_version()}\n"]
    for line in lines():
        with TemporaryDirectory() as folder:
            text.append(f"{share(line, Path(folder) / 'home'):.3f}  {line.told}\n")
        sys.stdout.write(text[-1])
    PATH.write_text("".join(text))


if __name__ == "__main__":
    main()
