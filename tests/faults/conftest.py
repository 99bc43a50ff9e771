"""At the end of a run: how many rows of the fault table were played, section by section."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .absent import ABSENT
from .rows import CATALOGUE, SECTIONS, TABLE, number

PREFIX = "tests/faults/test_catalogue.py::test_fault["


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line a section: its cases, rows, runs, and what became of them."""
    ended: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.nodeid.startswith(PREFIX) and (report.when == "call" or outcome == "failed"):
                ended[report.nodeid.removeprefix(PREFIX)[0], outcome] += 1
    if not ended:
        return
    terminalreporter.section("the fault catalogue")
    for name, (about, cases) in SECTIONS.items():
        rows = [row for row in TABLE if row.id.startswith(name)]
        shown = len({number(row.id) for row in rows})
        later = sum(id.startswith(name) for id in CATALOGUE if id in ABSENT)
        terminalreporter.write_line(
            f"{name} {about}: {cases} cases, {shown} shown by {len(rows)} rows, {later} not here; "
            f"{sum(len(row.modes) for row in rows)} runs, of which {ended[name, 'passed']} passed "
            f"and {ended[name, 'failed']} failed in this session"
        )
