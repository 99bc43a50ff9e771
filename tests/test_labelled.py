"""Two hundred labelled lines, through `mcli classify`, and the table in the manual."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from mcli import labels, manual
from mcli.sandbox import choosing
from tests.benchmarks import labels as benchmark
from tests.program import Program


def known() -> tuple[labels.Label, ...]:
    return labels.parse(labels.in_file(Path(benchmark.SET).read_text()))


def test_there_are_two_hundred_lines_of_four_labels() -> None:
    count = Counter(label for label, _ in benchmark.lines())
    assert count == {label.name: 50 for label in known()}
    assert len({text for _, text in benchmark.lines()}) == 200


def test_the_table_of_the_manual_is_the_sandbox_s() -> None:
    said = [(label, choosing.choose(text, known())) for label, text in benchmark.lines()]
    assert "\n".join(benchmark.table(Counter(said))) in manual.page("classify")


@pytest.mark.slow
def test_the_commands_make_the_same_table(mcli: Program) -> None:
    inside = [*mcli.argv()[:2], "tests.benchmarks.labels", "--here"]
    done = subprocess.run(
        mcli.argv("sandbox", "--", *inside), env=mcli.env, cwd=mcli.home, capture_output=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().strip() in manual.page("classify")
