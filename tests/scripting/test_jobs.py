"""make, xargs and parallel: many files, and the codes that come back."""

from __future__ import annotations

import os
import time

import pytest

from tests.faults.scenes import Scene, ok
from tests.faults.server import FaultyServer
from tests.program import Program
from tests.scripting.page import BUSY, NO_KEY, by_text, example, letters, need

pytestmark = pytest.mark.sweep

MAKEFILE = example("make", 0, "make")
XARGS, XARGS_CODES = (example("xargs", number, "sh") for number in range(2))
BATCH = example("batch", 0, "sh")
JOBLOG, HALT = (example("parallel", number, "sh") for number in range(2))


def test_make_keeps_the_old_file_and_does_what_is_missing(
    desk: Program, server: FaultyServer
) -> None:
    need("make")
    (desk.home / "Makefile").write_text(MAKEFILE)
    first = desk.shell("make")
    assert (first.code, len(server.requests)) == (0, 2)

    again = desk.shell("make")
    assert (again.code, len(server.requests)) == (0, 2)

    later = time.time() + 5
    os.utime(desk.home / "notes.txt", (later, later))
    server.play([BUSY, ok("New.")])
    failed = desk.shell("make")
    assert failed.code == 2
    assert "Error 75" in failed.err
    assert (desk.home / "notes.summary").read_text() == "Paris.\n"

    assert desk.shell("make").code == 0
    assert (desk.home / "notes.summary").read_text() == "New.\n"
    assert len(server.requests) == 2


@pytest.mark.slow
def test_xargs_says_123_whatever_failed(desk: Program, server: FaultyServer) -> None:
    folder = letters(desk)
    done = desk.shell(XARGS)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert len(list(folder.glob("*.txt.summary"))) == 3

    for scene in (BUSY, NO_KEY):
        server.play(by_text({"letter two": scene}, ok("Short.")))
        assert desk.shell(XARGS).code == 123
        assert (folder / "two.txt.summary").read_text() == "Paris.\n"


def test_the_codes_that_xargs_hides_are_written_down(desk: Program, server: FaultyServer) -> None:
    folder = letters(desk)
    server.play(by_text({"letter two": BUSY}, ok("Short.")))
    busy = desk.shell(XARGS_CODES)
    assert busy.code == 123
    assert (desk.home / "failed.txt").read_text() == "75 mail/two.txt\n"
    assert len(list(folder.glob("*.summary"))) == 2

    server.play(NO_KEY)
    stopped = desk.shell(XARGS_CODES.replace("-P 4", "-P 1"))
    assert (stopped.code, len(server.requests)) == (124, 1)


def test_the_job_log_has_the_real_codes_and_what_failed_is_done_again(
    desk: Program, server: FaultyServer
) -> None:
    need("parallel")
    folder = letters(desk)
    server.play(by_text({"letter one": NO_KEY, "letter two": BUSY}, ok("Short.")))
    failed = desk.shell(JOBLOG)
    rows = [row.split("\t") for row in (desk.home / "jobs.log").read_text().splitlines()]
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    codes = {row["Command"].split()[2]: row["Exitval"] for row in named}
    assert failed.code == 2
    assert codes == {"mail/one.txt": "77", "mail/two.txt": "75", "mail/three.txt": "0"}

    server.play(ok("Short."))
    again = desk.shell(JOBLOG.replace("parallel", "parallel --resume-failed", 1))
    assert (again.code, len(server.requests)) == (0, 2)
    assert len(list(folder.glob("*.summary"))) == 3


@pytest.mark.sweep
@pytest.mark.parametrize(("scene", "code"), [(BUSY, 75), (NO_KEY, 77), (ok("Short."), 0)])
def test_halt_hands_on_the_code_of_the_job(
    desk: Program, server: FaultyServer, scene: Scene, code: int
) -> None:
    need("parallel")
    letters(desk)
    server.play(by_text({"letter two": scene}, ok("Short.")))

    assert desk.shell(HALT).code == code


def test_a_batch_goes_on_with_what_is_missing(desk: Program, server: FaultyServer) -> None:
    folder = letters(desk)
    server.play(by_text({"letter two": BUSY}, ok("Short.")))
    busy = desk.shell(BATCH)
    assert (busy.code, busy.slug) == (75, "batch_try_again")
    assert sorted(each.name for each in folder.glob("*.summary")) == [
        "one.txt.summary", "three.txt.summary",
    ]  # fmt: skip

    server.play(ok("Short."))
    again = desk.shell(BATCH)
    assert (again.code, again.out, again.err, len(server.requests)) == (0, "", "", 1)
    assert (folder / "two.txt.summary").read_text() == "Short.\n"
