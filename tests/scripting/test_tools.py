"""The loop of `mcli help tools`: recorded against the sandbox, replayed without it."""

from __future__ import annotations

import json

import pytest

from mcli import manual
from tests.faults.scenes import Scene, error
from tests.faults.server import FaultyServer
from tests.program import Program
from tests.scripting.page import BUSY, fences, need
from tests.scripting.test_examples import twice

pytestmark = pytest.mark.sweep

FENCES = fences(manual.page("tools"))
LOOP = next(text for kind, text in FENCES.values() if kind == "sh" and "--messages" in text)
WEATHER = manual.page("tools").partition("```yaml\n")[2].partition("```")[0]


@pytest.fixture
def desk(desk: Program) -> Program:
    """A desk with the tool and the program that answers it."""
    need("jq")
    (desk.home / "weather.yaml").write_text(WEATHER)
    program = desk.home / "weather.sh"
    program.write_text("#!/bin/sh\njq -r '\"in \\(.city): dry\"'\n")
    program.chmod(0o755)
    return desk


@pytest.mark.slow
def test_the_loop_goes_on_until_the_model_answers(desk: Program, server: FaultyServer) -> None:
    recorded, replayed = twice(desk, LOOP, server)

    assert (recorded.code, recorded.err) == (0, "")
    assert (replayed.code, replayed.stdout, replayed.err) == (0, recorded.stdout, "")
    told = json.loads((desk.home / "chat.json").read_text())
    assert [message["role"] for message in told] == ["user", "assistant", "tool", "assistant"]
    assert told[2]["content"].endswith(": dry\n")
    assert told[1]["tool_calls"][0]["id"] == told[2]["tool_call_id"]


@pytest.mark.sweep
@pytest.mark.parametrize(("scene", "code"), [(BUSY, 75), (error(400), 69)])
def test_a_failure_ends_it_with_its_code(
    desk: Program, server: FaultyServer, scene: Scene, code: int
) -> None:
    server.play(scene)
    assert (desk.shell(LOOP).code, desk.shell(LOOP).out) == (code, "")


def test_a_tool_that_fails_ends_it(desk: Program, server: FaultyServer) -> None:
    (desk.home / "weather.sh").write_text("#!/bin/sh\nexit 3\n")
    done = desk.shell(f"mcli sandbox -- bash -c {_quoted(LOOP)}")
    assert (done.code, done.out) == (3, "")


def _quoted(script: str) -> str:
    return "'" + script.replace("'", "'\\''") + "'"
