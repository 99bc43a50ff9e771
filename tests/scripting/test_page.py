"""That no example of the page was left out."""

from __future__ import annotations

from mcli import manual
from tests.scripting import page, test_jobs, test_services, test_shell

MODULES = (test_jobs, test_services, test_shell)
"""Importing them is what fills `USED`."""


def test_every_example_of_the_page_is_run() -> None:
    assert set(page.FENCES) == page.USED
    assert manual.page("scripting").count("```") == 2 * len(page.FENCES)
