"""A request that its model's window does not take: refused before it is sent, or its data cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import fitting
from mcli.chat import Message, Request
from mcli.errors import BadInput
from mcli.fitting import Keep
from mcli.recipe import Fit
from mcli.terms import Terms
from mcli.tokens import counting
from tests.faults.server import FaultyServer
from tests.program import Program

WORDS = "river boats town metre night " * 400
KNOWN = Terms(window=500, most_output=100, encoding="o200k_base")


def made(data: str, times: int = 1) -> tuple[Message, ...]:
    return (Message("system", "Be brief."), Message("user", f"<{'|'.join([data] * times)}>"))


def fitted(data: str, fit: Fit, known: Terms, model: str = "m", times: int = 1) -> Request:
    asked = Request(model, made(data, times))
    return fitting.fitted(asked, data, fit, known, lambda text: made(text, times))


@given(
    st.text(min_size=1, max_size=3000) | st.just(WORDS),
    st.sampled_from(["head", "tail", "middle"]),
    st.integers(1, 3),
)
def test_what_is_cut_fits_with_room_for_the_answer(data: str, keep: Keep, times: int) -> None:
    found = fitted(data, keep, KNOWN, times=times)

    assert counting.count_messages(found.messages, "o200k_base") <= 400 or not found.warnings
    assert counting.count_messages(found.messages, "o200k_base") <= 500
    assert bool(found.warnings) == (found.messages != made(data, times))


def test_a_cut_takes_nearly_all_that_there_is_room_for() -> None:
    for times in (1, 3):
        found = fitted(WORDS, "head", KNOWN, times=times)
        assert counting.count_messages(found.messages, "o200k_base") > 360


def test_the_end_that_is_asked_for_is_kept() -> None:
    data = f"FIRST {WORDS} LAST"
    ends = {
        keep: fitted(data, keep, KNOWN).messages[1].content for keep in ("head", "tail", "middle")
    }
    assert "FIRST" in ends["head"]
    assert "LAST" not in ends["head"]
    assert "LAST" in ends["tail"]
    assert "FIRST" not in ends["tail"]
    assert "FIRST" in ends["middle"]
    assert "LAST" in ends["middle"]


def test_what_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(
        BadInput, match=r"the request has 2,0\d\d tokens, and m takes 500"
    ) as caught:
        fitted(WORDS, "fail", KNOWN)
    assert caught.value.slug == "context_length"


def test_an_estimate_refuses_only_where_it_is_sure() -> None:
    known = Terms(window=1700)  # of a model whose vocabulary is not known
    assert fitted(WORDS, "fail", known, "claude-x").warnings == ()
    with pytest.raises(BadInput, match="about 2,0"):
        fitted(WORDS, "fail", Terms(window=1300), "claude-x")
    kept = fitted(WORDS, "head", known, "claude-x")
    tokens = counting.count_messages(kept.messages, "o200k_base")
    assert tokens <= 1700 * 3 // 4


def test_of_an_unknown_window_nothing_is_refused_or_cut() -> None:
    assert fitted(WORDS, "head", Terms()).messages == made(WORDS)


def test_a_recipe_that_leaves_no_room_cannot_be_helped() -> None:
    with pytest.raises(BadInput, match="without its data the request has"):
        fitted(WORDS, "head", Terms(window=12, most_output=4, encoding="o200k_base"))


@pytest.fixture
def small(mcli: Program) -> Program:
    path = mcli.home / ".config/mcli/config.yaml"
    path.write_text(path.read_text() + "models: {gpt-4: {window: 500, max_output: 100}}\n")
    return mcli


def test_it_is_refused_before_it_is_sent(small: Program, server: FaultyServer) -> None:
    result = small("ask", "Explain:", stdin=WORDS.encode())

    assert (result.code, result.slug, result.out) == (65, "context_length", "")
    assert "gpt-4 takes 500" in result.err
    assert server.requests == []
    assert small("ask", "Explain:", "--dry-run", stdin=WORDS.encode()).code == 65


@pytest.mark.parametrize(
    "argv",
    [
        ("ask", "Explain:"),
        ("summarize",),
        ("classify", "-l", "Paris,b"),
        ("codegen", "x"),
        ("run", "-e", "A: {{ data }}"),
    ],
    ids=" ".join,
)
@pytest.mark.sweep
def test_the_flag_cuts_everywhere(small: Program, server: FaultyServer, argv: list[str]) -> None:
    small(*argv, "--fit", "tail", "--json", stdin=f"FIRST {WORDS} LAST".encode())

    (seen,) = server.requests
    assert "LAST" in seen.body["messages"][-1]["content"]
    assert "FIRST" not in seen.body["messages"][-1]["content"]


def test_a_recipe_says_it_and_the_flag_overrules_it(small: Program, server: FaultyServer) -> None:
    (small.home / "r.yaml").write_text("fit: head\nmessages: [{user: '{{ data }}'}]\n")
    data = f"FIRST {WORDS} LAST".encode()

    told = small("run", "./r.yaml", "--json", stdin=data).json
    assert "FIRST" in server.requests[0].body["messages"][-1]["content"]
    assert told["warnings"][0].startswith("the data was cut to ")
    small("run", "./r.yaml", "--fit", "tail", stdin=data)
    assert "LAST" in server.requests[1].body["messages"][-1]["content"]
