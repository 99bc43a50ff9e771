"""`mcli help speed`: its rows are those that are measured, and each program does what is timed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from mcli import manual
from tests.benchmarks import peers
from tests.benchmarks.start import __main__ as benchmark
from tests.benchmarks.start import programs, report, rows, server
from tests.benchmarks.start.spending import Command, Spent, first_byte, spend
from tests.benchmarks.start.tail import percentile
from tests.program import ROOT
from tests.scripting.page import missing

PAGE = manual.page("speed")


def test_the_page_has_the_rows_that_are_measured() -> None:
    measured = PAGE.partition(peers.BEGIN)[2].partition(peers.END)[0]

    told = [line[2:].split(" | ")[0] for line in measured.splitlines() if line.startswith("| ")]
    titles = dict.fromkeys(title for title in told if title not in ("what", "---"))
    assert list(titles) == [row.title for row in rows.ROWS]


def test_the_page_names_the_command_that_made_it() -> None:
    (module,) = set(re.findall(r"python -m (tests\.benchmarks[\w.]*)", PAGE))

    assert (ROOT / module.replace(".", "/") / "__main__.py").exists()


def test_ratios_are_to_the_interpreter_and_the_script() -> None:
    def runs(*seconds: float) -> list[Spent]:
        return [Spent(each * 2, each) for each in seconds]

    http = {programs.MCLI: runs(0.3, 0.1, 0.2), programs.MINIMAL: runs(0.4)}
    told = report.spent({"floor": {rows.BARE: runs(0.02)}, "http": http, "loop": http})

    assert told[3:] == [
        "| `ask`, http | mcli | 400 ms | 10.0 | 200 ms | 10.0 | 0.50 |",
        "| `ask`, http | httpx2, minimal script | 800 ms | 20.0 | 400 ms | 20.0 | 1.00 |",
        f"| {rows.LOOPS.title} | mcli | 2.0 ms | 0.1 | 1.0 ms | 0.1 | 0.50 |",
        f"| {rows.LOOPS.title} | httpx2, minimal script | 4.0 ms | 0.1 | 2.0 ms | 0.1 | 1.00 |",
    ]


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(500, 0, -1)]

    assert [percentile(values, percent) for percent in (50, 99, 100)] == [250, 495, 500]
    assert percentile([3.0], 99) == 3.0


def test_the_time_of_a_run_that_failed_is_not_taken(tmp_path: Path) -> None:
    for code, owes in (("raise SystemExit(4)", b""), ("print('no')", b"Paris")):
        with pytest.raises(RuntimeError, match="exit"):
            spend(Command((sys.executable, "-c", code), {}, owes), tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(missing("openssl"), reason="openssl is not installed")
def test_each_command_of_ours_does_what_is_measured(tmp_path: Path) -> None:
    stage = programs.Stage(tmp_path, Path(sys.executable), {}, programs.clean(tmp_path))
    with benchmark.server(tmp_path) as (known, notes):
        lines = rows.spent(stage, known)
        assert list(lines) == [row.name for row in rows.SPENT]
        for name, commands in lines.items():
            if name not in ("count-50mb", "uncompiled"):  # which take long; the same at a time
                for command in commands.values():
                    spend(command, tmp_path)
        for command in programs.asking(stage, known["drip"], streamed=True).values():
            moment = first_byte(command, tmp_path)
            assert notes.stdout is not None
            assert 0 < int(notes.stdout.readline()) <= moment
        looped = rows.looped(lines["http"][programs.MCLI])
        assert looped.argv[3] == str(rows.CALLS)
        spend(Command((*looped.argv[:3], "2", *looped.argv[4:]), looped.env, looped.owes), tmp_path)
    assert server.STREAM.endswith(b"0\r\n\r\n")
