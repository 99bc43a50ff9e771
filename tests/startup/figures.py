"""The figures: what each command line does at its start, in a file that a diff shows.

A line a thing, and before it a column a command line: its letter where it loads that module, or how
often it does the thing (to the base of 36). `comparing` says what must be the same on a machine.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from .lines import KEYS
from .start import Start

PATH = Path(__file__).with_name("figures.txt")
HEAD = """\
# What each command line loads, opens and makes when it starts; start.py says what is counted.
# Written by: python -m tests.startup
"""
LINES, VERSIONS = "command lines", "versions"
_DIGITS = "-123456789abcdefghijklmnopqrstuvwxyz"

Figures = dict[str, dict[str, Counter[str]]]
"""Of each section, and each letter of a command line in it: what is done, and how often."""


def written(starts: dict[str, Start]) -> str:
    """The text of the file."""
    parts = [HEAD, f"\n== {LINES}\n", *(f"{key}  {KEYS[key].told}\n" for key in starts)]
    names = sorted({name.split(".")[0] for start in starts.values() for name in start.importers})
    parts.append(f"\n== {VERSIONS}\npython {platform.python_version()}\n")
    parts += [f"{name} {dist} {metadata.version(dist)}\n" for name, dist in _distributions(names)]
    for section in next(iter(starts.values())).done:
        parts += [f"\n== {section}\n", "".join(starts), "\n"]
        done = {key: start.done[section] for key, start in starts.items()}
        for name in sorted({name for each in done.values() for name in each}):
            counts = {key: each[name] for key, each in done.items()}
            parts += [*(_cell(section, *count) for count in counts.items()), f"  {name}\n"]
    return "".join(parts)


def _cell(section: str, key: str, count: int) -> str:
    return key if count and section == "modules" else _DIGITS[min(count, len(_DIGITS) - 1)]


def _distributions(names: list[str]) -> Iterator[tuple[str, str]]:
    """The modules that are libraries, and what each was installed as."""
    known = metadata.packages_distributions()
    for name in names:
        if name in known and name != "mcli":
            yield name, known[name][0]


def _sections() -> dict[str, list[str]]:
    """The lines below each heading of the file."""
    parts = PATH.read_text().split("\n== ")[1:]
    return {(lines := part.strip().split("\n"))[0]: lines[1:] for part in parts}


@cache
def committed() -> Figures:
    """What the file says."""
    figures: Figures = {}
    for section, lines in _sections().items():
        if section not in (LINES, VERSIONS):
            keys = lines[0]
            figures[section] = {key: Counter() for key in keys}
            for line in lines[1:]:
                cells, name = line.split("  ", 1)
                for key, cell in zip(keys, cells, strict=True):
                    if cell != "-":
                        figures[section][key][name] = 1 if section == "modules" else int(cell, 36)
    return figures


def known_lines() -> list[str]:
    """The command lines that the file has figures of, with their letters."""
    return _sections()[LINES]


@cache
def versions() -> dict[str, tuple[str, ...]]:
    """Python and each library that the figures have met, by the name of its module: as what it was
    installed, and its version."""
    return {(words := line.split())[0]: tuple(words[1:]) for line in _sections()[VERSIONS]}
