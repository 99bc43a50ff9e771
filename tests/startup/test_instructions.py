"""A start takes the instructions that it took when they were counted last, or it is said."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from tests.scripting.page import need

from .instructions import MARGIN, committed, lines, share
from .lines import Line


def complaint(told: str, now: float, then: float) -> str:
    """What to say of a share that is not the committed one; nothing where it is."""
    if abs(change := now / then - 1) <= MARGIN:
        return ""
    return (
        f"{told} takes {change:+.1%} of its instructions ({now:.3f}, and {then:.3f} committed);"
        " if it is meant: python -m tests.startup.instructions"
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="each system starts as it does")
@pytest.mark.parametrize("line", lines(), ids=lambda line: line.typed)
def test_a_start_takes_the_instructions_that_are_committed(line: Line, tmp_path: Path) -> None:
    need("valgrind", "--tool=none", "true")
    version, shares = committed()
    if version.rpartition(".")[0] != platform.python_version().rpartition(".")[0]:
        pytest.skip(f"the shares are of Python {version}")

    if told := complaint(line.told, share(line, tmp_path / "home"), shares[line.told]):
        pytest.fail(told, pytrace=False)


def test_the_shares_are_of_these_command_lines() -> None:
    assert list(committed()[1]) == [line.told for line in lines()]


def test_a_dearer_and_a_cheaper_start_are_told_and_a_little_is_not() -> None:
    assert complaint("mcli x", 1.02, 1.0) == complaint("mcli x", 0.98, 1.0) == ""
    assert complaint("mcli x", 1.05, 1.0).startswith("mcli x takes +5.0% of its instructions")
    assert complaint("mcli x", 0.9, 1.0).startswith("mcli x takes -10.0%")
