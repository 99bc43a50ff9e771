"""Many pieces of code at once: each is checked, and one checker that hangs does not hold up all."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from mcli import codecheck
from mcli.codecheck import Verdict
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program

COUNTING = """
echo + >>{0}/log
sleep 0.05
echo - >>{0}/log
case "$(cat)" in *BAD*) echo bad; exit 1; esac
"""
"""A checker that writes down when it begins and when it ends."""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH, for programs that are not what they should be."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def tool(folder: Path, script: str) -> None:
    (folder / "luac").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "luac").chmod(0o755)


def verdicts(count: int, within: float = 60.0) -> list[Verdict]:
    async def all() -> list[Verdict]:
        until = time.monotonic() + within
        made = [codecheck.verdict("lua", f"x = {n}", "", until) for n in range(count)]
        return await asyncio.gather(*made)

    return asyncio.run(all())


def most_at_once(log: Path) -> int:
    running = most = 0
    for sign in log.read_text().split():
        running += 1 if sign == "+" else -1
        most = max(most, running)
    return most


def test_so_many_run_at_once_and_no_more(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecheck, "AT_ONCE", 1)
    tool(tools, COUNTING.format(tools))

    assert verdicts(4) == [Verdict(True, "luac")] * 4
    assert most_at_once(tools / "log") == 1


def test_who_waits_for_a_turn_keeps_the_deadline(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codecheck, "AT_ONCE", 1)
    tool(tools, f"echo >>{tools}/log; sleep 60")

    assert verdicts(3, within=1) == [Verdict(None, "luac", "luac did not end in time")] * 3
    assert len((tools / "log").read_text()) == 1


@pytest.mark.slow
def test_a_checker_that_hangs_is_not_waited_for_each_time(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codecheck, "AT_ONCE", 1)
    monkeypatch.setattr(codecheck, "LIMIT_S", 1.5)
    tool(tools, f"echo >>{tools}/log; sleep 60")

    assert verdicts(9) == [Verdict(None, "luac", "luac did not end in time")] * 9
    assert len((tools / "log").read_text()) == 4  # three, and then good code


@pytest.mark.slow
def test_code_that_is_made_to_hang_its_checker_leaves_it_to_the_others(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codecheck, "AT_ONCE", 1)
    monkeypatch.setattr(codecheck, "LIMIT_S", 1.5)
    tool(tools, 'case "$(cat)" in "x = "[0-3]) sleep 60; esac')

    late = Verdict(None, "luac", "luac did not end in time")
    assert verdicts(6) == [*[late] * 4, *[Verdict(True, "luac")] * 2]


@pytest.mark.slow
def test_broken_code_does_not_pass_because_there_is_much_of_it(
    mcli: Program, server: FaultyServer, tools: Path
) -> None:
    tool(tools, COUNTING.format(tools))
    (mcli.home / "r.yaml").write_text("messages: [{user: '{{ data }}'}]\noutput: {kind: code}\n")
    mcli.env["PATH"] = f"{tools}{os.pathsep}{mcli.env['PATH']}"
    server.play(ok("```lua\nBAD\n```"))
    records = "".join(f"{n}\n" for n in range(24)).encode()
    done = mcli("batch", "./r.yaml", "-j", "24", stdin=records)

    assert (done.code, done.slug) == (3, "batch_partial")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [each["error"]["slug"] for each in told] == ["check_failed"] * 24
    assert most_at_once(tools / "log") <= codecheck.AT_ONCE
