"""`python -m tests.benchmarks.start`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import tools
from tests.benchmarks.start import programs, report, rows, tail
from tests.benchmarks.start.programs import Stage, Where
from tests.benchmarks.start.spending import Command, Spent, first_byte, spend
from tests.faults import tls
from tests.program import ROOT

TURNS = 15
LOOP_TURNS = 3
"""Each is hundreds of calls."""


def main() -> None:
    """Measure, and print the tables as they come."""
    asked = arguments()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="mcli-start-") as name:
        folder = Path(name)
        python = asked.python / "bin" / "python" if asked.python else programs.install(folder)
        stage = Stage(folder, python, programs.peers(asked.peers), programs.clean(folder))
        lines = [report.head(load, python, asked.turns)]
        print(lines[0], flush=True)  # noqa: T201
        with server(folder) as (known, notes):
            for table in tables(stage, known, notes, asked):
                print("", *table, sep="\n", flush=True)  # noqa: T201
                lines += ["", *table]
    if asked.write:
        report.write(lines)


def here(path: str) -> Path:
    """As programs in other folders find it; a link stays one, or an environment is none."""
    return Path(path).absolute()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.benchmarks.start")
    names = [row.name for row in rows.ROWS]
    parser.add_argument("--only", action="append", choices=names, help="a row, repeatable")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--calls", type=int, default=tail.CALLS, help="of the tail, each program")
    parser.add_argument("--python", type=here, metavar="VENV", help="an environment with mcli")
    parser.add_argument(
        "--peers", type=here, metavar="DIR", default=tools.CACHE, help="their environments"
    )
    parser.add_argument("--write", action="store_true", help="write the page, too")
    asked = parser.parse_args()
    asked.only = asked.only or names
    if asked.write and asked.only != names:
        parser.error("--write is for all rows")
    return asked


@contextmanager
def server(folder: Path) -> Iterator[tuple[dict[str, Where], subprocess.Popen[str]]]:
    """The servers by their names, and the process that tells on stdout when it sent a token."""
    signed = tls.folder()
    words = [sys.executable, "-m", "tests.benchmarks.start.server"]
    words += [str(signed / "good.pem"), str(signed / "good.key")]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as child:
        try:
            assert child.stdout is not None
            known = programs.places(folder, *map(int, child.stdout.readline().split()))
            programs.point_llm(folder, known)
            yield {where.name: where for where in known}, child
        finally:
            child.kill()


def tables(
    stage: Stage, known: dict[str, Where], notes: subprocess.Popen[str], asked: argparse.Namespace
) -> Iterator[list[str]]:
    """One table after another."""
    lines = {n: c for n, c in rows.spent(stage, known).items() if n in {"floor", *asked.only}}
    dripping = rows.FIRST.name in asked.only
    drips = programs.asking(stage, known["drip"], streamed=True) if dripping else {}
    times: dict[str, dict[str, list[Spent]]] = {}
    moments: dict[str, list[float]] = {title: [] for title in drips}
    for turn in range(-1, asked.turns):  # the first warms the caches of files, and does not count
        print(f"turn {turn + 1} of {asked.turns}", file=sys.stderr)  # noqa: T201
        turns(lines, stage.folder, times if turn >= 0 else {})
        for title, command in drips.items():
            taken = late(command, stage.folder, notes)
            if turn >= 0:
                moments[title].append(taken)
    if rows.LOOPS.name in asked.only:
        loops = {rows.LOOPS.name: rows.loops(stage, known["http"])}
        for turn in range(min(LOOP_TURNS, asked.turns)):
            print(f"loop {turn + 1}", file=sys.stderr)  # noqa: T201
            turns(loops, stage.folder, times)
    yield report.spent(times)
    if dripping:
        yield report.first(moments)
    if rows.TAIL.name in asked.only:
        both = programs.asking(stage, known["http"], streamed=False)
        both = {title: both[title] for title in (programs.MCLI, programs.MINIMAL)}
        yield report.tail(tail.measure(both, stage.folder, asked.calls))


def turns(lines: rows.Lines, folder: Path, times: dict[str, dict[str, list[Spent]]]) -> None:
    """Each command once."""
    for name, commands in lines.items():
        for title, command in commands.items():
            runs = times.setdefault(name, {}).setdefault(title, [])
            runs.append(spend(command, folder))


def late(command: Command, folder: Path, notes: subprocess.Popen[str]) -> float:
    """Seconds from the server's first token to the first byte of the program."""
    moment = first_byte(command, folder)
    assert notes.stdout is not None
    return (moment - int(notes.stdout.readline())) / 1e9


if __name__ == "__main__":
    main()
