"""Transcripts in the manual: fences of kind `console`, played in one shell in an empty home.

    python -m tests.scripting.console [--write] CHECKOUT

plays `mcli help first-steps` with its installation from CHECKOUT, and compares; `--write` puts what
came into the page instead. What differs between runs is written in one way: seconds as 0.1s, and
the home as /home/ann.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.program import ROOT

PAGE = ROOT / "mcli" / "help" / "first-steps.md"
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = "mcli sandbox -- bash"
"""What begins a shell in the sandbox; `exit` ends it."""
BARE = "env -i "
"""How the step begins that empties the environment, as a player's already is."""
HOME = "/home/ann"
KEY = "sk-of-the-first-steps-0123456789"
_MARK = "\x1e"


class Step(NamedTuple):
    """A command as it was typed, of one line or more, and what came."""

    command: str
    shown: str

    def __str__(self) -> str:
        return "$ " + self.command.replace("\n", "\n> ") + "\n" + self.shown


def steps(fence: str) -> list[Step]:
    """The steps of a fence."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", fence, flags=re.MULTILINE)[1:]:
        typed, *rest = part.splitlines(keepends=True)
        while rest and rest[0].startswith(">"):
            typed += rest.pop(0)[2:]
        found.append(Step(typed.removesuffix("\n"), "".join(rest)))
    return found


def all_steps(page: str) -> list[Step]:
    """Those of all its fences."""
    return [step for fence in FENCE.findall(page) for step in steps(fence)]


def played(commands: Sequence[str], home: Path, path: str, more: Mapping[str, str]) -> list[str]:
    """What came of each command, in one shell in `home` whose environment is that and no more."""
    editor = home / "editor"
    editor.write_text(f'#!/bin/sh\necho {KEY} > "$1"\n')
    editor.chmod(0o755)
    env = {"HOME": str(home), "PATH": path, "EDITOR": str(editor), **more}
    done = subprocess.run(
        ["bash", "--norc", str(_script(list(commands), home))], env=env, cwd=home, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=300, check=False,
    )  # fmt: skip
    came = done.stdout.split(_MARK)
    assert len(came) == len(commands) + 1, done.stdout
    return [_settled(text, home) for text in came[:-1]]


def _script(commands: list[str], home: Path) -> Path:
    """A file that runs them, a mark after each; those of the sandbox's shell in one of its own."""
    lines: list[str] = []
    while commands:
        command = commands.pop(0)
        if command == SHELL:
            end = commands.index("exit")
            inner = _script(["true", *commands[:end]], home)
            lines.append(f"{command} {inner}")
            commands = ["true", *commands[end + 1 :]]
        else:
            lines += [command, f"printf '{_MARK}'"]
    with tempfile.NamedTemporaryFile("w", dir=home, prefix=".script", delete=False) as file:
        file.write("\n".join(lines) + "\n")
    return Path(file.name)


def _settled(text: str, home: Path) -> str:
    return re.sub(r"\b\d+(\.\d+)?s(?=[,\]])", "0.1s", text).replace(str(home), HOME)


def written(page: str, came: Iterable[str]) -> str:
    """The page with what came."""
    rest = iter(came)

    def fence(found: re.Match[str]) -> str:
        told = [Step(step.command, next(rest)) for step in steps(found[1])]
        return "```console\n" + "".join(map(str, told)) + "```"

    return FENCE.sub(fence, page)


def main(argv: Sequence[str]) -> int:
    """Exit 0 if the page is what comes, or was written."""
    page = PAGE.read_text()
    commands = [step.command for step in all_steps(page)]
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "mcli").symlink_to(Path(argv[-1]).resolve())
        quiet = ["true" if command.startswith(BARE) else command for command in commands]
        came = played(quiet, home, os.environ["PATH"], pip)
    new = written(page, came)
    if "--write" in argv:
        PAGE.write_text(new)
        return 0
    sys.stdout.write("" if new == page else new)
    return 0 if new == page else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
