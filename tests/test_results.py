"""The results of tests as lines and as XML, whatever a recipe or a model put into them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mcli import results
from mcli.cases import Case
from mcli.errors import BadReply, ConfigFailure, Failure, NotAllowed, TryAgain, WriteFailure
from mcli.results import Result, State

STATES: tuple[State, ...] = ("ok", "not ok", "skip", "error")
TEXT = st.text(st.characters(codec="utf-16", exclude_categories=()), max_size=300)


def result(name: str, path: str, state: State, told: str) -> Result:
    return Result(name, path, Case(name, f"{path}:3:5"), state, (told,))


RESULTS = st.lists(st.builds(result, TEXT, TEXT, st.sampled_from(STATES), TEXT), max_size=5)


@given(RESULTS)
def test_the_xml_is_well_formed_and_counts_right(ended: list[Result]) -> None:
    suites = ET.fromstring(results.junit(ended).encode())
    assert suites.get("tests") == str(len(ended)) == str(len(suites.findall(".//testcase")))
    for tag, state in (("failure", "not ok"), ("skipped", "skip"), ("error", "error")):
        told = sum(result.state == state for result in ended)
        assert len(suites.findall(f".//{tag}")) == told


@given(RESULTS)
def test_a_line_is_one_line_short_and_harmless(ended: list[Result]) -> None:
    for one in ended:
        line = results.line(one)
        assert len(line) < 520
        assert line.startswith(f"{one.state} ")
        assert not {"\n", "\r", "\x1b", "\x85", "\u2028", "\u202e"} & set(line)


def test_the_summary_says_what_there_is_to_say() -> None:
    ended = [Result("r", "r.yaml", Case("n", "r.yaml:1:1"), state) for state in STATES]
    assert results.summary([], 0) == "0 tests, 0 failed"
    assert results.summary(ended[:1], 1) == "1 test, 0 failed"
    assert results.summary(ended, 9) == (
        "9 tests, 1 failed, 1 skipped, 1 without an answer, 5 not run"
    )


def test_of_several_failures_the_gravest_is_told() -> None:
    ranked: list[Failure] = [
        Failure("bug", "x"),
        WriteFailure("io_error", "x"),
        NotAllowed("auth", "x"),
        ConfigFailure("no_key", "x"),
        TryAgain("deadline", "x"),
        BadReply("not_json", "x"),
    ]
    while ranked:
        assert results.worst(ranked[::-1]) is ranked[0]
        ranked = ranked[1:]
