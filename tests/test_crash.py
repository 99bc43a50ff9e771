"""A batch that is struck at any moment and resumed is one that was not (reliability §6.3)."""

from __future__ import annotations

from random import Random

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


@pytest.mark.slow
@pytest.mark.parametrize("call", ["write", "fdatasync", "flock"])
def test_killed_and_then_killed_while_it_resumes(
    mcli: Program, server: FaultyServer, call: str
) -> None:
    batch = Crashing(mcli, server, jobs=3, form=())
    for when in range(2, MOST, 2):
        batch.begin()
        hit = batch.struck(call, KILL, str(when))
        batch.struck(call, KILL, str(when // 2 + 1))
        batch.ends_well()
        if not hit:
            return
    pytest.fail("it was still killed")


def test_an_answer_that_is_not_on_the_disk_is_not_shown(
    mcli: Program, server: FaultyServer
) -> None:
    batch = Crashing(mcli, server)
    assert batch.struck("fdatasync", BROKEN, "2")
    assert (mcli.home / "shown").read_bytes() == b"0!\n"
    batch.ends_well()


def test_killed_with_several_in_flight(mcli: Program, server: FaultyServer) -> None:
    batch = Crashing(mcli, server, jobs=3)
    assert batch.struck("write", KILL, "7")
    batch.ends_well()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_random_with_sixteen_at_once(
    mcli: Program, server: FaultyServer, seed: int
) -> None:
    """Whenever the kill comes, and as often as it comes: each pays for at most sixteen more."""
    random = Random(seed)
    batch = Crashing(mcli, server, count=120, jobs=16, form=((), ("--text",))[seed % 2])
    batch.begin()
    kills = random.randint(1, 3)
    for _ in range(kills):
        batch.killed_after(random.randint(1, 60))
    batch.ends_well()


MANY = pytest.param(range(0, 1 << 20, 9), id="many", marks=pytest.mark.slow)
"""At each byte a journal is cut in `test_journal_scan`, where a run takes no tenth of a second."""


@pytest.mark.parametrize("places", [pytest.param(range(7, 1 << 20, 131), id="some"), MANY])
def test_a_journal_that_is_cut_anywhere(mcli: Program, server: FaultyServer, places: range) -> None:
    """What a power cut leaves: any beginning. What is left of it is not asked again."""
    batch = Crashing(mcli, server, count=2, form=())
    assert mcli(*batch.words()).code == 0
    whole = batch.journal.read_bytes()
    for size in range(places.start, len(whole) + 1, places.step):
        batch.journal.write_bytes(whole[:size])
        # A line that lacks but its line break counts.
        ended = (whole + b"\n")[: size + 1].split(b"\n")[:-1]
        kept = sum(b'{"t":"done"' in line for line in ended)
        server.requests.clear()
        again = batch.quickly()
        assert (again.code, again.err) == (0, ""), size
        batch.is_whole(again.stdout)
        assert len(server.requests) == 2 - kept, size
        if size % 16 == places.start:
            batch.is_whole(batch.quickly().stdout)
            assert len(server.requests) == 2 - kept, size
