"""EDGE: what is only for a person at a terminal; the only owner of rich."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text


def bar(done: int, all: int, color: bool) -> str:
    """A bar and its numbers, on one line without a break. Whoever is killed while it is shown
    leaves no cursor hidden behind, as rich's own progress would."""
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=color, no_color=not color, highlight=False)
    console.print(ProgressBar(total=all, completed=done, width=30), Text(f" {done}/{all}"), end="")
    return paper.getvalue().replace("\n", "")


def table(header: tuple[str, ...], rows: list[tuple[str, ...]], color: bool) -> str:
    """The rows under their header, laid out for the terminal's width."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in header:
        grid.add_column(title, overflow="fold")
    for row in rows:
        # Text, not markup: a model's name may hold square brackets.
        grid.add_row(*(Text(cell) for cell in row))
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=color, no_color=not color, highlight=False)
    console.print(grid)
    return paper.getvalue()
