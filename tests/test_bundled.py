"""The tests of the bundled recipes, replayed where there is no network, and recorded anew."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.program import ROOT, Program

TAPE = ROOT / "tests" / "recordings" / "bundled.jsonl"
STALE = "a recipe or the sandbox was changed: run .ci/record-recipes, and look at the diff"


def test_they_pass_by_replay_without_a_network_or_a_key(tmp_path: Path) -> None:
    alone = ("unshare", "-rn")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("unshare does not work here")
    program = Program(tmp_path / "home")
    argv = program.argv(
        "recipes", "test", str(ROOT / "recipes"), "-m", "sandbox", "--replay", str(TAPE)
    )
    done = subprocess.run(
        [*alone, *argv], env=program.env, cwd=program.home, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b""), done.stdout.decode() + STALE
    lines = done.stdout.decode().splitlines()
    assert lines[-1] == f"{len(lines) - 1} tests, 0 failed"
    tested = {Path(line.removeprefix("ok ").partition(":")[0]).name for line in lines[:-1]}
    assert tested == {path.name for path in (ROOT / "recipes").iterdir()}


@pytest.mark.slow
def test_recorded_anew_they_give_the_same_file(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    wrapper = tmp_path / "mcli"
    wrapper.write_text(f'#!/bin/sh\nexec {program.argv()[0]} -m mcli "$@"\n')
    wrapper.chmod(0o755)
    new = tmp_path / "new.jsonl"
    done = subprocess.run(
        [ROOT / ".ci" / "record-recipes", new], env={**program.env, "MCLI": str(wrapper)},
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, b""), done.stdout.decode()
    assert new.read_bytes() == TAPE.read_bytes(), STALE


def test_the_recording_says_that_the_sandbox_made_it() -> None:
    for line in TAPE.read_text().splitlines():
        told = json.loads(line)
        assert told["request"]["body"]["model"] == "sandbox"
    assert "sandbox" in (TAPE.parent / "README.md").read_text()
