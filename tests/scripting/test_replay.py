"""The example of `mcli help replay`: a script, its recording, its test where there is nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mcli import manual
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program
from tests.scripting.page import by_text, fences

pytestmark = pytest.mark.sweep

FENCES = fences(manual.page("replay"))
SCRIPT, RECORD, TEST = (FENCES["A script and its test", number][1] for number in range(3))


def set_out(program: Program, mails: dict[str, str]) -> None:
    folder = program.home / "tests" / "mail"
    folder.mkdir(parents=True)
    for name, text in mails.items():
        (folder / f"{name}.txt").write_text(text)
    (program.home / "triage").write_text(SCRIPT)


@pytest.mark.slow
def test_the_script_is_recorded_and_tested_elsewhere(
    desk: Program, server: FaultyServer, tmp_path: Path
) -> None:
    mails = {"crash": "it crashes\n", "hours": "when do you open?\n"}
    server.play(by_text({"crashes": ok("bug"), "open": ok("question")}, ok("none")))
    set_out(desk, mails)
    recorded = desk.shell(RECORD)
    asked = len(server.requests)

    elsewhere = Program(tmp_path / "elsewhere")
    set_out(elsewhere, mails)
    tape = (desk.home / "tests" / "triage.jsonl").read_bytes()
    (elsewhere.home / "tests" / "triage.jsonl").write_bytes(tape)
    tested = elsewhere.shell(TEST)
    again = elsewhere.shell(TEST)

    assert (recorded.code, recorded.err) == (0, "")
    assert [(t.code, t.out, t.err) for t in (tested, again)] == [(0, "", "")] * 2
    assert asked == len(server.requests) == 2

    (elsewhere.home / "tests" / "mail" / "hours.txt").write_text("when do you close?\n")
    changed = elsewhere.shell(TEST)
    assert (changed.code, changed.slug) == (78, "not_recorded")
    assert '"when do you open?\\n" is now "when do you close?\\n"' in changed.err


def test_the_failure_line_of_the_page_is_one_of_ours(desk: Program, server: FaultyServer) -> None:
    server.play(ok("bug"))
    told = FENCES["What is the same request", 0][1]
    assert desk("ask", "hi", "--record", "triage.jsonl").code == 0
    assert desk("ask", "ho", "--record", "triage.jsonl").code == 0
    missed = desk("ask", "ho", "-m", "gpt-4o", "--replay", "triage.jsonl")

    assert missed.err.partition(" [")[0] == told.partition(" [")[0]


def test_every_example_is_run() -> None:
    assert [kind for kind, _ in FENCES.values()] == ["sh", "sh", "sh", "text"]
    subprocess.run(["sh", "-n", "-c", SCRIPT + RECORD + TEST], cwd=ROOT, check=True)
