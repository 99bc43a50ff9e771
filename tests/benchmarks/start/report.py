"""What was measured as the Markdown of `mcli help speed`."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from mcli import __version__
from tests.benchmarks import peers, tools
from tests.benchmarks.batch import machine
from tests.benchmarks.start import rows
from tests.benchmarks.start.programs import CURL, MINIMAL
from tests.benchmarks.start.spending import Spent
from tests.benchmarks.start.tail import percentile
from tests.program import ROOT

PAGE = ROOT / "mcli" / "help" / "speed.md"

Times = Mapping[str, Mapping[str, list[Spent]]]
"""Of each row and program the runs."""


def head(load: float, python: Path, turns: int) -> str:
    """When, on what, and by which command."""
    curl = said("curl", "--version").split()[:2]
    commit = said("git", "-C", str(ROOT), "describe", "--always", "--dirty") or "no checkout"
    command = " ".join([".venv/bin/python -m tests.benchmarks.start", *sys.argv[1:]])
    return (
        f"Measured on {datetime.date.today()} with mcli {__version__} ({commit}), "
        f"httpx2 {tools.version(python.parent.parent, 'httpx2')}, {' '.join(curl)}, "
        f"Python {platform.python_version()} and {platform.system()} on {os.cpu_count()} cores "
        f"of {machine()}, which the server shared, by `{command}`: medians of {turns} turns. "
        f"The load average was {load:.1f} before it began."
    )


def said(*words: str) -> str:
    """What a program prints; nothing if it is not there."""
    if not shutil.which(words[0]):
        return ""
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def median(times: list[Spent]) -> Spent:
    """The median of each."""
    return Spent(*(statistics.median(each) for each in zip(*map(tuple_of, times), strict=True)))


def tuple_of(spent: Spent) -> tuple[float, float]:
    return spent.wall_s, spent.cpu_s


def spent(times: Times) -> list[str]:
    """Whole processes; a call of a loop as one of them."""
    lines = [
        "| what | program | wall | times `python` | CPU | times `python` | CPU, times the script |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    bare = median(times["floor"][rows.BARE])
    for row in (*rows.SPENT, rows.LOOPS):
        each = rows.CALLS if row is rows.LOOPS else 1
        found = {title: median(runs) for title, runs in times.get(row.name, {}).items()}
        for title, took in found.items():
            cells = [
                row.title,
                title,
                ms(took.wall_s / each),
                over(took.wall_s / each, bare.wall_s),
            ]
            cells += [ms(took.cpu_s / each), over(took.cpu_s / each, bare.cpu_s)]
            cells += [f"{took.cpu_s / found[MINIMAL].cpu_s:.2f}" if MINIMAL in found else ""]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def first(moments: Mapping[str, list[float]]) -> list[str]:
    """From the server's write of a token to the first byte that a reader of the program gets."""
    lines = [
        "| what | program | median | 9 of 10 within | after curl's |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    curl = statistics.median(moments[CURL]) if CURL in moments else None
    for title, seconds in moments.items():
        middle = statistics.median(seconds)
        cells = [rows.FIRST.title, title, ms(middle), ms(percentile(seconds, 90))]
        cells += [f"{(middle - curl) * 1000:+.1f} ms" if curl is not None else "no curl"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def tail(times: Mapping[str, list[Spent]]) -> list[str]:
    """How far the worst of many calls are from the middle."""
    lines = [
        "| what | program | calls | wall | p99 | p99 / median | CPU | p99 | p99 / median |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for title, runs in times.items():
        cells = [rows.TAIL.title, title, str(len(runs))]
        for seconds in zip(*map(tuple_of, runs), strict=True):
            middle, worst = statistics.median(seconds), percentile(list(seconds), 99)
            cells += [ms(middle), ms(worst), f"{worst / middle:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.{1 if seconds < 0.01 else 0}f} ms"


def over(seconds: float, base: float) -> str:
    return f"{seconds / base:.1f}"


def write(lines: list[str]) -> None:
    """Put the tables between the markers of the page."""
    before, _, rest = PAGE.read_text().partition(peers.BEGIN)
    after = rest.partition(peers.END)[2]
    PAGE.write_text(before + peers.BEGIN + "\n".join([*lines, ""]) + peers.END + after)
