"""The gate of `mcli help classify`: recorded against the sandbox, then replayed without it."""

from __future__ import annotations

import pytest

from mcli import manual
from tests.faults.scenes import Scene, ok
from tests.faults.server import FaultyServer
from tests.program import Program

from .page import BUSY, NO_KEY, fences, need
from .test_examples import CHANGE, twice

pytestmark = pytest.mark.sweep

FENCES = fences(manual.page("classify"))
SET = FENCES["A gate in CI", 0]
GATE = FENCES["A gate in CI", 1]


def job(change: str) -> str:
    """A repository with a change, and the gate in it."""
    assert (SET[0], GATE[0]) == ("text", "sh")
    return (
        f"{CHANGE.replace('CHANGED', change)}\ngit commit -q -m 2\nexport BASE=base\n"
        f"cat > change.labels <<'SET'\n{SET[1]}SET\n{GATE[1]}"
    )


@pytest.mark.parametrize(
    ("change", "code", "verdict"),
    [("more docs", 0, "docs"), ("new behaviour", 1, "behaviour")],
)
def test_the_gate_lets_manuals_through(
    desk: Program, server: FaultyServer, change: str, code: int, verdict: str
) -> None:
    need("git")
    told = "" if code == 0 else f"a person must look: {verdict}\n"
    for done in twice(desk, job(change), server):
        assert (done.code, done.out, done.err) == (code, told, "")
        assert (desk.home / "verdict.txt").read_text() == f"{verdict}\n"


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("scene", "code", "slug"),
    [(BUSY, 75, "server_busy"), (NO_KEY, 77, "auth"), (ok("It depends."), 4, "not_a_label")],
)
def test_a_gate_that_cannot_find_out_is_no_verdict(
    desk: Program, server: FaultyServer, scene: Scene, code: int, slug: str
) -> None:
    need("git")
    server.play(scene)
    done = desk.shell(job("more docs"))
    assert (done.code, done.out, done.slug) == (code, "", slug)
    assert not (desk.home / "verdict.txt").exists()


def test_a_tie_asks_for_a_person(desk: Program, server: FaultyServer) -> None:
    need("git")
    left = iter(["docs", "tests", "behaviour"])

    def scene(seen: object) -> object:
        answer = ok(next(left))
        return answer(seen)  # pyright: ignore

    server.play(scene)  # pyright: ignore
    done = desk.shell(job("anything"))
    assert (done.code, done.out, done.err) == (1, "a person must look: unsure\n", "")


def test_no_change_needs_no_verdict(desk: Program, server: FaultyServer) -> None:
    need("git")
    done = desk.shell(f"{CHANGE}\nexport BASE=base\n{GATE[1]}")
    assert (done.code, done.out, done.err, server.requests) == (0, "", "", [])
