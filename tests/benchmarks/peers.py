"""mcli and its peers on the same faults; the table of `mcli help peers`.

    .venv/bin/python -m tests.benchmarks.peers

Installs the peers (pinned, in the cache), runs each program on each row of `rows`, and writes the
table between the markers of the page. Ends with 1, and leaves the page alone, if mcli does anything
but what its contract promises.
"""

from __future__ import annotations

import datetime
import platform
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from mcli import __version__
from tests.benchmarks import tools
from tests.benchmarks.rows import ROWS, WARM, Owed, Row
from tests.benchmarks.tools import Outcome, Tool
from tests.program import ROOT

PAGE = ROOT / "mcli" / "help" / "peers.md"
BEGIN, END = "<!-- measured -->\n", "<!-- end -->"
SHOWN = 20
"""Bytes of stdout that a cell quotes."""


def main() -> int:
    compared = [*tools.ours(), *tools.peers()]
    for tool in compared:
        tools.run(tool, WARM)  # so that no row pays for compiling a library
    table, wrong = [], []
    with ThreadPoolExecutor(2) as pool:
        for row in ROWS:
            outcomes = list(pool.map(lambda tool, row=row: tools.run(tool, row), compared))
            for number, owed in enumerate((row.whole, row.streamed)):  # ours come first
                told = complaints(owed, outcomes[number])
                wrong += [f"{row.name}: {compared[number].title}: {line}" for line in told]
            cells = [cell(row, outcome) for outcome in outcomes]
            table.append(f"| {' | '.join([row.name, *cells])} |")
            print(table[-1], flush=True)  # noqa: T201
    if wrong:
        print("", *wrong, sep="\n", file=sys.stderr)  # noqa: T201
        return 1
    write(compared, table)
    return 0


def complaints(owed: Owed, outcome: Outcome) -> list[str]:
    """What is not as owed."""
    seen = {
        "status": (outcome.status, owed.status),
        "stdout": (outcome.stdout, owed.stdout.encode()),
        "attempts": (outcome.attempts, owed.attempts),
        "slug": (slug(outcome.stderr), owed.slug),
    }
    return [f"{what} {got!r}, owed {due!r}" for what, (got, due) in seen.items() if got != due]


def slug(stderr: str) -> str | None:
    """The slug of mcli's one line; None where nothing was said, else all that was."""
    line = re.fullmatch(r"mcli: .*\[(\w+)[^\[\]]*\]\n", stderr)
    return line[1] if line else stderr or None


def cell(row: Row, outcome: Outcome) -> str:
    """One run in words; bold if it hung, or said that all was well when it was not."""
    if outcome.status is None:
        ended = f"**still running after {tools.LIMIT_S:.0f} s**"
    elif outcome.status < 0:
        ended = signal.Signals(-outcome.status).name
    elif outcome.status == 0 and row.spoilt:
        ended = "**exit 0**"
    else:
        ended = f"exit {outcome.status}"
    tries = f"{outcome.attempts} {'request' if outcome.attempts == 1 else 'requests'}"
    return "; ".join([ended, tries, quoted(outcome.stdout), said(outcome.stderr)])


def quoted(stdout: bytes) -> str:
    """What was on stdout."""
    if not stdout:
        return "no output"
    text = stdout[:SHOWN].decode(errors="replace").replace("\n", "\\n").replace("|", "\\|")
    return f"`{text}{'…' if len(stdout) > SHOWN else ''}`"


def said(stderr: str) -> str:
    """How much was on stderr."""
    lines = stderr.count("\n")
    if "Traceback" in stderr or "╭" in stderr:
        return "traceback"
    if not lines:
        return "silent"
    return "1 line" if lines == 1 else f"{lines} lines"


def write(compared: list[Tool], table: list[str]) -> None:
    """Put the table, and what it was measured with, between the markers of the page."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    head = ["fault", *(tool.title for tool in compared)]
    lines = [
        f"Measured on {datetime.date.today()} with mcli {__version__}, Python "
        f"{platform.python_version()} and {platform.system()}, by "
        "`.venv/bin/python -m tests.benchmarks.peers`.",
        "",
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *table,
        "",
    ]
    PAGE.write_text(before + BEGIN + "\n".join(lines) + END + after)


if __name__ == "__main__":
    sys.exit(main())
