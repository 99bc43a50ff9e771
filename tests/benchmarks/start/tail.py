"""The tail: many calls while every core has something else to do, and how long the worst take."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.start.spending import Command, Spent, spend

CALLS = 500
SPIN = """
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()
while True:
    pass
"""


def measure(commands: Mapping[str, Command], folder: Path, calls: int) -> dict[str, list[Spent]]:
    """So many calls of each, in turns, with a busy loop for each core."""
    found: dict[str, list[Spent]] = {title: [] for title in commands}
    with busy(os.cpu_count() or 1):
        for call in range(calls):
            if call % 50 == 0:
                print(f"call {call} of {calls}", file=sys.stderr)  # noqa: T201
            for title, command in commands.items():
                found[title].append(spend(command, folder))
    return found


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Processes that never sleep. They end with this one at the latest: their stdin is ours."""
    words = [sys.executable, "-c", SPIN]
    loops = [subprocess.Popen(words, stdin=subprocess.PIPE) for _ in range(cores)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.communicate()


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that so many of a hundred are not above (the nearest rank)."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
