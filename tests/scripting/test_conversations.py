"""The examples of `mcli help conversations`: recorded against the sandbox, replayed without it."""

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

FENCES = fences(manual.page("conversations"))
THREAD = FENCES["A thread", 0][1]
LOOP = FENCES["Messages that a script keeps", 0][1]
QUESTIONS = "What of the food?\nAnd the way back?\n"


@pytest.mark.slow
def test_a_thread_grows_by_four_turns(desk: Program, server: FaultyServer) -> None:
    need("jq")
    (desk.home / "questions.txt").write_text(QUESTIONS)
    script = f"rm -f trip.jsonl\n{THREAD}cat plan.txt trip.txt\n"
    recorded, replayed = twice(desk, script, server)

    assert (recorded.code, recorded.err) == (0, "")
    assert (replayed.code, replayed.stdout, replayed.err) == (0, recorded.stdout, "")
    assert len((desk.home / "trip.jsonl").read_text().splitlines()) == 4
    assert "user: And the way back?\nassistant: This is the mcli sandbox" in recorded.out
    assert "It was sent 8 messages (system, user, assistant, user, assistant" in recorded.out


def test_the_loop_carries_the_conversation(desk: Program, server: FaultyServer) -> None:
    need("jq")
    (desk.home / "questions.txt").write_text(QUESTIONS)
    recorded, replayed = twice(desk, LOOP, server)

    assert (recorded.code, recorded.err) == (0, "")
    assert "It was sent 4 messages (system, user, assistant, user)" in recorded.out
    assert (replayed.code, replayed.stdout, replayed.err) == (0, recorded.stdout, "")
    told = json.loads((desk.home / "chat.json").read_text())
    assert [message["role"] for message in told] == ["system", *["user", "assistant"] * 2]


@pytest.mark.parametrize(
    ("scene", "code"), [(BUSY, 75), pytest.param(error(400), 69, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("script", [THREAD, LOOP])
def test_a_failure_ends_them_with_its_code_and_what_was_said_stays(
    desk: Program, server: FaultyServer, scene: Scene, code: int, script: str
) -> None:
    need("jq")
    (desk.home / "questions.txt").write_text(QUESTIONS)
    server.play(scene)
    done = desk.shell(script)

    assert (done.code, done.out) == (code, "")
    assert not (desk.home / "trip.jsonl").exists()


def test_the_loop_has_at_most_ten_lines() -> None:
    assert LOOP.count("\n") <= 10


def test_every_example_is_run() -> None:
    assert [kind for kind, _ in FENCES.values()] == ["sh", "sh"]
