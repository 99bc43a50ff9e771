"""A batch that is struck at any call, also at those to the ledger and to stdout, and resumed is one
that was not (reliability §6.3)."""

from __future__ import annotations

import pytest

from tests.crashing import Crashing
from tests.faults.server import FaultyServer
from tests.faults.tools import works
from tests.program import Program

CALLS = ("write", "fdatasync", "fsync", "rename", "openat", "flock")
MOST = 60
"""No run makes more calls of one kind in one thread."""
ALONE, TOGETHER = (1, True), (3, False)
"""One record at a time and `-o`, or three and stdout."""
KILL, BROKEN, FULL = "signal=KILL", "error=EIO", "error=ENOSPC"

pytestmark = pytest.mark.skipif(not works("strace"), reason="strace does not work here")


def swept(batch: Crashing, call: str, how: str, then: str = "") -> None:
    """Strike the first call of that kind, the second and on, each in a new run, until there are no
    more; with `then` of `+` all that follow, too."""
    for when in range(1, MOST):
        batch.begin()
        hit = batch.struck(call, how, f"{when}{then}")
        batch.ends_well()
        if not hit:
            assert when > 1 or call == "rename"
            return
    pytest.fail("it was still struck")


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "into_file"), [ALONE, TOGETHER], ids=["alone", "together"])
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_any_call(
    mcli: Program, server: FaultyServer, call: str, jobs: int, into_file: bool
) -> None:
    swept(Crashing(mcli, server, jobs=jobs, into_file=into_file), call, KILL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "then", "jobs", "into_file"),
    [(BROKEN, "", *TOGETHER), (FULL, "+", *TOGETHER), (FULL, "", *ALONE), (BROKEN, "+", *ALONE)],
    ids=["broken-once", "full-for-good", "full-once", "broken-for-good"],
)
@pytest.mark.parametrize("call", CALLS)
def test_an_error_at_any_call(
    mcli: Program,
    server: FaultyServer,
    call: str,
    error: str,
    then: str,
    jobs: int,
    into_file: bool,
) -> None:
    batch = Crashing(mcli, server, 3 if jobs == 1 else 4, jobs, (), into_file)
    swept(batch, call, error, then)


def test_an_answer_that_is_not_on_the_disk_is_not_shown(
    mcli: Program, server: FaultyServer
) -> None:
    batch = Crashing(mcli, server)
    assert batch.struck("fdatasync", BROKEN, "2")
    assert (mcli.home / "shown").read_bytes() == b"0!\n"
    batch.ends_well()
