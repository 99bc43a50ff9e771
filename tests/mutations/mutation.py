"""What a mutation is, and the words to write one with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.program import ROOT


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of the source that breaks a promise, and the tests that must notice it.

    `before` stands once in `file` (below `mcli/`) and becomes `after`: short, so that it outlives
    changes around it. `tests` are names below `tests/`, few, so that a trial takes a second or two.
    """

    name: str
    breaks: str
    """what a user would lose"""
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def path(self, root: Path = ROOT) -> Path:
        """The file that is changed, in that tree."""
        return root / "mcli" / self.file

    def occurrences(self) -> int:
        """How often `before` stands in the source: once, or the mutation is out of date."""
        return self.path().read_text().count(self.before)

    def apply(self, root: Path) -> None:
        """Change the file in that tree, which must be a copy."""
        path = self.path(root)
        path.write_text(path.read_text().replace(self.before, self.after))


def row(id: str, mode: str = "buffered") -> str:
    """The test that plays a row of the fault table in that mode."""
    return f"faults/test_catalogue.py::test_fault[{id}-{mode}]"


def by_library(id: str, mode: str = "buffered") -> str:
    """The test of a row of the fault table where the HTTP library calls."""
    return row(id, mode).replace("::test_fault[", "::test_fault_by_the_library[")
