"""The page's fenced blocks, and what running them needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from mcli import manual
from tests.faults.scenes import Scene, error
from tests.faults.server import Reply, Seen
from tests.program import Program, Result

BUSY = error(503)
NO_KEY = error(401)


def fences(page: str) -> dict[tuple[str, int], tuple[str, str]]:
    """Kind and text of each fenced block, by its section and its number there."""
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        name = section.partition("\n")[0]
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        found |= {(name, number): block for number, block in enumerate(blocks)}
    return found


FENCES = fences(manual.page("scripting"))
USED: set[tuple[str, int]] = set()


def example(section: str, number: int, kind: str) -> str:
    """A block of the page, which must be of that kind."""
    found, text = FENCES[section, number]
    assert found == kind
    USED.add((section, number))
    return text


def need(tool: str, *trial: str) -> None:
    """Skip where the tool is missing, or fails with the arguments `trial`, as a container may
    forbid it; but not in CI, which has it."""
    if missing(tool):
        pytest.skip(f"{tool} is not installed")
    if not trial or "CI" in os.environ:
        return
    if subprocess.run([tool, *trial], capture_output=True, check=False).returncode:
        pytest.skip(f"{tool} does not work here")


def missing(tool: str) -> bool:
    """Whether the tool is not there, and this is not CI, which fails without it."""
    return not shutil.which(tool) and "CI" not in os.environ


def letters(desk: Program) -> Path:
    """A folder with three letters, whose names and texts are one, two and three."""
    folder = desk.home / "mail"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.txt").write_text(f"letter {name}\n")
    return folder


def by_text(scenes: Mapping[str, Scene], otherwise: Scene) -> Scene:
    """The scene whose word is in the request."""

    def choose(seen: Seen) -> Reply:
        named = (scene for word, scene in scenes.items() if word.encode() in seen.raw)
        scene = next(named, otherwise)
        return scene if isinstance(scene, Reply) else scene(seen)

    return choose


def instead(desk: Program, name: str, script: str) -> None:
    """Put a script in the place of a program."""
    path = desk.home / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def bare(desk: Program, *argv: str) -> Result:
    """Run a command as cron does: hardly any environment, /bin/sh, no terminal."""
    env = {"HOME": str(desk.home), "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        argv, env=env, cwd=desk.home, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)
