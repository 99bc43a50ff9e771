"""EDGE: what is only for a person at a terminal; the only owner of rich."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_WIDTH = 12


def bar(done: int, all: int, color: bool) -> str:
    """A bar and its numbers, on one line without a break. Whoever is killed while it is shown
    leaves no cursor hidden behind, as rich's own progress would."""
    return _on_one_line(color, ProgressBar(total=all, completed=done, width=30), f"{done}/{all}")


def bar_and_words(share: float | None, words: str, color: bool) -> str:
    """A short bar, full by `share`, and as many of the words as the line has room for."""
    if share is None:
        return _on_one_line(color, None, words)
    return _on_one_line(color, ProgressBar(total=1.0, completed=share, width=12), words)


def _on_one_line(color: bool, meter: ProgressBar | None, words: str) -> str:
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=color, no_color=not color, highlight=False)
    room = console.width - 1
    if meter is not None:
        console.print(meter, end=" ")
        room -= (meter.width or 0) + 1
    text = Text(words)
    text.truncate(max(room, 0))
    console.print(text, end="")
    return paper.getvalue().replace("\n", "")


def table(
    header: tuple[str, ...],
    rows: list[tuple[str, ...]],
    color: bool,
    shares: Sequence[float] | None = None,
) -> str:
    """The rows under their header, laid out for the terminal's width.

    With `shares`, all columns but the first are numbers, and behind them is a bar for each row.
    """
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for number, title in enumerate(header):
        if number and shares:
            grid.add_column(title, no_wrap=True, justify="right")
        else:
            grid.add_column(title, overflow="fold")
    if shares:
        grid.add_column("", no_wrap=True)
    for number, row in enumerate(rows):
        # Text, not markup: a model's name may hold square brackets.
        cells = [Text(cell) for cell in row]
        grid.add_row(*cells, *([Text(_bar(shares[number]), "cyan")] if shares else []))
    paper = io.StringIO()
    console = Console(file=paper, force_terminal=color, no_color=not color, highlight=False)
    console.print(grid)
    return paper.getvalue()


def _bar(share: float) -> str:
    """A bar of up to `_WIDTH` cells, to an eighth of one; whatever is above 0 can be seen."""
    eighths = round(share * _WIDTH * 8) or (share > 0)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()
