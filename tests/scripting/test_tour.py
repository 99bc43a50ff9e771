"""The examples of `mcli help tour`, each by replay of what the sandbox said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mcli import manual
from tests.faults.server import FaultyServer
from tests.program import ROOT, Program, recorded
from tests.scripting.page import need

pytestmark = pytest.mark.sweep

TAPE = ROOT / "tests" / "recordings" / "tour.jsonl"
STALE = "the page, a recipe or the sandbox was changed: run .ci/record-tour, and look at the diff"
EXAMPLES = re.findall(
    r"^## ([^\n]+)\n(?:(?!^## ).)*?^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```)?",
    manual.page("tour"), re.MULTILINE | re.DOTALL,
)  # fmt: skip
SAYS = {"Why an answer ended": "truncated", "Errors": "rate_limited"}
"""The slugs of the failures that an example is about."""
CASES = {
    "basic usage": "A question",
    "message roles": "Roles, and a conversation of several turns",
    "temperature": "Temperature, and any other parameter",
    "conversations": "A conversation that goes on",
    "vision": "An image beside the text",
    "the standard response": "The reply",
    "finish reasons": "Why an answer ended",
    "token optimisation": "Tokens, counted before sending",
    "error handling": "Errors",
    "summaries": "A summary",
    "classification": "A class",
    "code generation": "Code",
    "rate limiting": "Many prompts, one after the other",
    "streaming": "As it comes",
    "function calling": "A function that the model wants to call",
    "the role of tools": "A function that answers by itself",
    "structured output": "JSON that fits a schema",
}
"""The headings of the API's page, what it links to, and where the tour shows each."""


def test_every_section_has_its_example() -> None:
    page = manual.page("tour")

    assert len(EXAMPLES) == page.count("\n## ") == page.count("```sh\n")
    assert sum(bool(shown) for *_, shown in EXAMPLES) == page.count("```text\n")


def test_every_case_of_the_page_is_shown() -> None:
    assert {*CASES.values()} <= {title for title, *_ in EXAMPLES}


@pytest.mark.sweep
@pytest.mark.parametrize(("title", "script", "shown"), EXAMPLES, ids=[one[0] for one in EXAMPLES])
def test_an_example_does_what_the_page_says(
    mcli: Program, server: FaultyServer, title: str, script: str, shown: str
) -> None:
    for tool in ("jq", "python3"):
        need(tool)
    server.close()
    mcli.configure("")
    done = mcli.shell(script, MCLI_REPLAY=str(TAPE), MCLI_PROFILE="sandbox")

    assert done.code == 0, done.err + STALE
    assert done.out.removesuffix("\n") == shown.removesuffix("\n") if shown else True
    assert done.out or title == "Code"
    slugs = re.findall(r"^mcli: .*\[(\w+)", done.err, re.MULTILINE)
    assert slugs == ([SAYS[title]] if title in SAYS else [])
    assert bool(done.err) == (title in SAYS)


@pytest.mark.slow
def test_recorded_anew_it_is_the_same_file(tmp_path: Path) -> None:
    assert recorded(".ci/record-tour", tmp_path) == TAPE.read_bytes(), STALE
