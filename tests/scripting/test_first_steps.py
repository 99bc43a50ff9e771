"""The transcript of `mcli help first-steps`, played again; its installation is for .ci/run."""

from __future__ import annotations

import os

import pytest

from mcli import manual
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program, Result
from tests.scripting import console
from tests.scripting.page import BUSY, bare, fences

PAGE = manual.page("first-steps")
INSTALL, *REST = console.FENCE.findall(PAGE)
STEPS = [step for fence in REST for step in console.steps(fence)]
CRONTAB = fences(PAGE)["A cron line", 0][1]
STALE = "run .venv/bin/python -m tests.scripting.console --write . and look at the diff"


def test_a_fence_is_read_and_written_as_it_is() -> None:
    came = [step.shown for step in console.all_steps(PAGE)]

    assert console.written(PAGE, came) == PAGE
    assert console.written(PAGE, ["?\n"] * len(came)) != PAGE


def test_only_the_installation_is_not_played_by_the_tests() -> None:
    assert [step.command.split()[0] for step in console.steps(INSTALL)][:2] == ["env", "python3"]
    assert PAGE.count("```") == 2 * (len(REST) + 3)  # and the Tabs, and the line of cron


@pytest.mark.slow
def test_what_was_typed_brings_what_is_shown(mcli: Program) -> None:
    (mcli.home / ".config" / "mcli" / "config.yaml").unlink()
    path = os.pathsep.join((str(mcli.wrapper().parent), os.environ["PATH"]))
    more = {"PYTHONPATH": str(ROOT)}
    came = console.played([step.command for step in STEPS], mcli.home, path, more)

    for step, shown in zip(STEPS, came, strict=True):
        assert (step.command, step.shown) == (step.command, shown), STALE


def by_cron(desk: Program) -> Result:
    """The line of cron, run as cron does, with the program where it was installed."""
    command = CRONTAB.split(None, 5)[5]
    there = desk.home / "venv" / "bin"
    if not there.exists():
        there.parent.mkdir()
        there.symlink_to(desk.home / ".local" / "bin")
    return bare(desk, "sh", "-c", command)


def test_the_line_of_cron_says_nothing_unless_something_is_wrong(
    desk: Program, server: FaultyServer
) -> None:
    (desk.home / "app.log").write_text("start\n")
    quiet = by_cron(desk)
    asked = len(server.requests)
    (desk.home / "app.log").write_text("Error: disk full\n")
    done = by_cron(desk)
    server.play(BUSY)
    failed = by_cron(desk)

    assert (quiet.out, quiet.err, asked) == ("", "", 0)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (failed.code, failed.slug, failed.out) == (75, "server_busy", "")
    assert (desk.home / "report.txt").read_text() == "Paris.\n"
