"""mcli's columns of `mcli help peers`, without its peers."""

from __future__ import annotations

import pytest

from mcli import manual
from tests.benchmarks import peers, tools
from tests.benchmarks.rows import ROWS, Row


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
def test_mcli_does_what_it_owes(row: Row, streams: bool) -> None:
    owed = row.streamed if streams else row.whole

    assert peers.complaints(owed, tools.run(tools.ours()[streams], row)) == []


def test_the_page_has_the_rows_that_are_measured() -> None:
    measured = manual.page("peers").partition(peers.BEGIN)[2].partition(peers.END)[0]

    names = [line[2:].split(" | ")[0] for line in measured.splitlines() if line.startswith("| ")]
    assert names == ["fault", "---", *(row.name for row in ROWS)]
