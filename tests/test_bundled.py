"""The tests of the bundled recipes, replayed where there is no network, and recorded anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.program import ROOT, Program, recorded
from tests.scripting.page import need

TAPE = ROOT / "tests" / "recordings" / "bundled.jsonl"
STALE = "a recipe or the sandbox was changed: run .ci/record-recipes, and look at the diff"


def test_they_pass_by_replay_without_a_network_or_a_key(tmp_path: Path) -> None:
    need("unshare", "-rn", "true")
    program = Program(tmp_path / "home")
    done = program.started(
        ["unshare", "-rn"],
        *("recipes", "test", str(ROOT / "recipes"), "-m", "sandbox", "--replay", str(TAPE)),
    )

    assert (done.code, done.err) == (0, ""), done.out + STALE
    lines = done.out.splitlines()
    assert lines[-1] == f"{len(lines) - 1} tests, 0 failed"
    tested = {Path(line.removeprefix("ok ").partition(":")[0]).name for line in lines[:-1]}
    assert tested == {path.name for path in (ROOT / "recipes").iterdir()}


@pytest.mark.slow
def test_recorded_anew_they_give_the_same_file(tmp_path: Path) -> None:
    assert recorded(".ci/record-recipes", tmp_path) == TAPE.read_bytes(), STALE


def test_the_recording_says_that_the_sandbox_made_it() -> None:
    for line in TAPE.read_text().splitlines():
        told = json.loads(line)
        assert told["request"]["body"]["model"] == "sandbox"
    assert "sandbox" in (TAPE.parent / "README.md").read_text()
