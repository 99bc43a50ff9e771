"""Every row of the fault table against the real program, as a subprocess in a bare environment."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests import WHOLE
from tests.program import ROOT

from .absent import ABSENT, SHOWN
from .catalogue import BUFFERED, JSON, STREAM, TERMINAL, Again, Row
from .rows import CATALOGUE, TABLE, number
from .stage import play
from .tools import lacking

CASES = [(row, mode) for row in TABLE for mode in row.modes]


def _cases() -> Iterator[Any]:
    """Every row in each of its modes, and whether it is played again without its fault.

    That is in its first mode. The quick tests take one run of an id, if it ends as none before it,
    and of what is played again one of a kind; CI takes all.
    """
    seen: set[object] = set()
    kinds: list[Again] = []
    for row, mode in CASES:
        expect = row.expected(mode)
        shows = {number(row.id), (expect.exit, row.id[0])}
        quick = not row.slow and seen.isdisjoint(shows)
        seen.update(shows if quick else [])
        marks = [] if quick else [pytest.mark.slow]
        fails = row.again is not None and expect.exit != 0 and mode == row.modes[0]
        heals = fails and (not quick or WHOLE or row.again not in kinds)
        if quick and heals and row.again is not None:
            kinds.append(row.again)
        yield pytest.param(row, mode, heals, id=f"{row.id}-{mode}", marks=marks)


@pytest.mark.parametrize(("row", "mode", "heals"), list(_cases()))
def test_fault(row: Row, mode: str, heals: bool) -> None:
    """A fault ends as its row says, every generic check holds, and without it all is well."""
    if (missing := lacking(row)) and not os.environ.get("CI"):
        pytest.skip(f"needs {', '.join(missing)}")
    found = play(row, mode, heals=heals)
    assert not found, "\n".join([f"{row.id} {mode} {row.why}", *found])


def _by_library() -> Iterator[Any]:
    """The rows of the wire, each in its first mode: they differ behind the connection. The quick
    tests take the telling ones."""
    for row in TABLE:
        if row.id.startswith("N-"):
            marks = [] if row.id in TELLING else [pytest.mark.slow]
            mode = row.modes[0]
            yield pytest.param(row, mode, id=f"{row.id}-{mode}", marks=marks)


TELLING = ("N-06", "N-09", "N-20", "N-25-smuggled", "N-70", "N-76", "N-76-reset")


@pytest.mark.parametrize(("row", "mode"), list(_by_library()))
def test_fault_by_the_library(row: Row, mode: str) -> None:
    """A fault of the wire ends as its row says also where the library calls, as for a proxy."""
    if (missing := lacking(row)) and not os.environ.get("CI"):
        pytest.skip(f"needs {', '.join(missing)}")
    found = play(row, mode, "tests.faults.by_library", heals=WHOLE)
    assert not found, "\n".join([f"{row.id} {mode} {row.why}", *found])


def test_ids_are_unique() -> None:
    """A failure names one row."""
    assert [id for id, count in Counter(row.id for row in TABLE).items() if count > 1] == []


def test_modes_are_known() -> None:
    """A misspelt mode would run nothing and pass."""
    modes = {BUFFERED, STREAM, JSON, TERMINAL}
    assert all(row.modes and set(row.modes) <= modes for row in TABLE)


def test_every_case_of_the_catalogue_has_a_row_or_a_reason() -> None:
    """Nothing is forgotten, and nothing that has a row is excused."""
    shown = {number(row.id) for row in TABLE}
    assert shown - set(CATALOGUE) == set()
    assert set(CATALOGUE) - shown == set(ABSENT)
    assert all(ABSENT.values())


@pytest.mark.parametrize("reason", [why for why in ABSENT.values() if why.startswith(SHOWN)])
def test_what_shows_a_case_without_a_row_is_there(reason: str) -> None:
    """A test that is renamed leaves no case without one."""
    path, name = reason.removeprefix(SHOWN).split("::")
    assert f"def {name}(" in (ROOT / path).read_text()
