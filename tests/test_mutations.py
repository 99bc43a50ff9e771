"""Mutations fit the source and the suite as they are; `python -m tests.mutations` tries them."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

from tests.faults.rows import TABLE as ROWS
from tests.mutations.__main__ import REPORT
from tests.mutations.mutation import by_library, row
from tests.mutations.table import TABLE
from tests.program import ROOT


@cache
def _tests_in(file: str) -> frozenset[str]:
    """The names below that file that can be selected, parameters left out."""
    found: set[str] = set()
    for node in ast.parse((ROOT / "tests" / file).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            found.update(f"{node.name}::{part.name}" for part in inner)
    return frozenset(found)


def _exists(test: str) -> bool:
    file, _, name = test.partition("::")
    plain, bracket, _ = name.partition("[")
    if bracket:
        known = [(each.id, mode) for each in ROWS for mode in each.modes]
        return test in {name(*each) for name in (row, by_library) for each in known}
    return (ROOT / "tests" / file).is_file() and plain in _tests_in(file)


def test_a_name_is_of_one_mutation() -> None:
    assert [name for name, count in Counter(each.name for each in TABLE).items() if count > 1] == []


def test_what_is_changed_stands_once_in_the_source() -> None:
    """Else a mutation would change nothing, or more than it says."""
    assert [each.name for each in TABLE if each.occurrences() != 1] == []


def test_a_changed_file_is_still_python() -> None:
    """Else its tests would fail whatever they test."""
    for mutation in TABLE:
        text = mutation.path().read_text().replace(mutation.before, mutation.after)
        ast.parse(text, mutation.name)


def test_the_tests_that_must_notice_are_there() -> None:
    lacking = [(each.name, test) for each in TABLE for test in each.tests if not _exists(test)]
    assert lacking == []
    assert all(each.tests for each in TABLE)


def test_the_report_is_of_these_mutations() -> None:
    told = re.findall(r"^\| ([a-z0-9-]+) \|", REPORT.read_text(), re.MULTILINE)
    assert told == ["mutation", "---", *(each.name for each in TABLE)]


def test_every_file_of_mutations_is_in_the_table() -> None:
    written = sum(path.read_text().count('\n    Mutation("') for path in REPORT.parent.glob("*.py"))
    assert written == len(TABLE)
