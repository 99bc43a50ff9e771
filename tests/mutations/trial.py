"""Trying a mutation: a copy of the tree, the change, the tests, and what they said."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.program import ROOT

from .mutation import Mutation

LONGEST_S = 60.0
"""No mutation's tests take longer; one that hangs under a mutation is not a test of it."""

ALL_S = 600.0
"""No share of all tests takes longer."""

_LEFT_OUT = shutil.ignore_patterns(".*")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the tests ended: pytest's status (None: they had to be killed), and which failed."""

    status: int | None
    failed: tuple[str, ...]
    seconds: float
    output: str

    @property
    def noticed(self) -> bool:
        """Whether tests ran and one failed: an error in collecting them shows nothing."""
        return self.status == 1 and bool(self.failed)

    @property
    def verdict(self) -> str:
        """In a word, as for a mutation."""
        if self.noticed:
            return "noticed"
        return "SURVIVED" if self.status == 0 else "BROKEN"


def tried(mutation: Mutation) -> Outcome:
    """What the mutation's tests say to it; they end at the first that fails."""
    with _copy() as root:
        mutation.apply(root)
        return _run(root, ["-x", *_paths(mutation.tests)], LONGEST_S)


def untouched(tests: Sequence[str]) -> Outcome:
    """What the tests say to a copy without any change."""
    with _copy() as root:
        return _run(root, _paths(tests), ALL_S)


@contextmanager
def _copy() -> Iterator[Path]:
    """A copy of the tree. Compiled files come along: they are of the time and size of a source, and
    that of a changed one is stale by its time."""
    folder = Path(tempfile.mkdtemp(prefix="mcli-mutation-"))
    try:
        yield Path(shutil.copytree(ROOT, folder / "tree", ignore=_LEFT_OUT))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _paths(tests: Sequence[str]) -> list[str]:
    return [f"tests/{test}" for test in tests]


def _run(root: Path, what: Sequence[str], longest_s: float) -> Outcome:
    """pytest in `root`, whose modules stand before any that are installed, also for the program
    that rows start: they take their root from the place of `tests/program.py`.
    """
    words = [sys.executable, "-m", "pytest", "-o", "addopts=--strict-markers", "-p", "no:xdist"]
    # What an assertion compared is not asked, and to have it told takes a second to begin with.
    words += ["-q", "-p", "no:cacheprovider", "--assert=plain", "--tb=line", "-rfE"]
    words += [f"--basetemp={root.parent / 'tmp'}", *what]
    # A row that lacks a tool is an error here, as in CI, and not a test that passes.
    env = {**os.environ, "PYTHONPATH": str(root), "CI": "true", "TESTS_WHOLE": "1"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.monotonic()
    with subprocess.Popen(
        words, cwd=root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=longest_s)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, status = process.communicate()[0] + "\nkilled: it did not end", None
    return Outcome(status, tuple(_FAILED.findall(output)), time.monotonic() - began, output)
