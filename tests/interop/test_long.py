"""A long text through a server with a small window, whose vocabulary nobody told mcli: bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.program import Program

from .conftest import MODEL, WINDOW

pytestmark = pytest.mark.interop

SAID = "The river rose by a metre, and the town moved its boats: « прилив », 满潮。\n\n"
ANSWER = ("--param", 'grammar=root ::= "- The river rose."', "-t", "0")


@pytest.fixture
def mcli(mcli: Program) -> Program:
    """The program, with a text that is forty times as long as the window."""
    (mcli.home / "book.txt").write_text(SAID * (40 * WINDOW // len(SAID.encode())))
    return mcli


def tape(mcli: Program) -> Iterator[tuple[int, str]]:
    """The tokens of every prompt on the tape, as the server counted them, and its data."""
    for line in (mcli.home / "tape").read_text().splitlines():
        entry = json.loads(line)
        data = entry["request"]["body"]["messages"][-1]["content"]
        yield entry["reply"]["json"]["usage"]["prompt_tokens"], data


def test_no_part_is_above_its_chunk(mcli: Program) -> None:
    result = mcli("summarize", "book.txt", "--chunk-tokens", "900", *ANSWER, "--record", "tape")

    assert (result.code, result.out, result.err) == (0, "- The river rose.\n", "")
    sizes = [len(data.encode()) for _, data in tape(mcli)]  # its vocabulary is bytes
    assert len(sizes) > 80
    assert max(sizes) <= 900


def test_the_window_that_a_person_names_is_kept(mcli: Program) -> None:
    config = mcli.home / ".config/mcli/config.yaml"
    config.write_text(f"{config.read_text()}models: {{{MODEL}: {{window: {WINDOW}}}}}\n")
    result = mcli("summarize", "book.txt", *ANSWER, "--max-tokens", "100", "--record", "tape")

    assert (result.code, result.out, result.err) == (0, "- The river rose.\n", "")
    assert max(tokens for tokens, _ in tape(mcli)) <= WINDOW - 100


def test_a_window_that_is_smaller_than_assumed_is_told_by_the_server(mcli: Program) -> None:
    result = mcli("summarize", "book.txt", *ANSWER)
    assert (result.code, result.slug, result.out) == (65, "context_length", "")
    assert "part " in result.err
