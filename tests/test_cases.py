"""What is expected of an answer against what came: pure, told in full, bounded."""

from __future__ import annotations

import time

import pytest

from mcli import cases
from mcli.cases import Expected, Outcome

USED = Outcome("Paris. \n", {"a": 1, "b": [True]}, "Paris.", tokens=3)
BROKEN = Outcome("", None, "Par", "the answer hit the token limit [truncated]")


@pytest.mark.parametrize(
    "expected",
    [
        Expected(),
        Expected(valid=True),
        Expected(equals="Paris.\n"),
        Expected(contains=("ari", "P")),
        Expected(not_contains=("paris",)),
        Expected(starts_with=("Par",), ends_with=("is.\n",)),
        Expected(matches=("^P", "(?i)PARIS")),
        Expected(get=((("a",), 1.0), (("b", 0), True))),
        Expected(max_tokens=3),
        Expected(loosely=True, contains=("PARIS",), starts_with=("pAR",), ends_with=("IS.",)),
    ],
    ids=repr,
)
def test_what_holds_is_not_told(expected: Expected) -> None:
    assert cases.unmet(expected, USED) == []


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (Expected(valid=False), 'expected an answer that cannot be used, got "Paris."'),
        (Expected(equals="paris."), 'expected "paris.", got "Paris."'),
        (Expected(equals="paris.", loosely=True), 'expected "paris.", got "Paris."'),
        (Expected(contains=("a", "x")), 'expected "x" in it, got "Paris."'),
        (Expected(not_contains=("aris",)), 'expected no "aris" in it, got "Paris."'),
        (Expected(not_contains=("ARIS",), loosely=True), 'expected no "ARIS" in it, got "Paris."'),
        (Expected(starts_with=("x",)), 'expected "x" at its start, got "Paris."'),
        (Expected(ends_with=("x",)), 'expected "x" at its end, got "Paris."'),
        (Expected(matches=("^x",)), 'expected a match of "^x", got "Paris."'),
        (Expected(label="a"), 'expected the label "a", got "Paris."'),
        (Expected(get=((("a",), True),)), 'expected .a to be "true", got "1"'),
        (Expected(get=((("c", 0), "x"),)), 'expected .c[0] to be "x", and there is none'),
        (Expected(max_tokens=2), "expected at most 2 tokens, got 3"),
    ],
    ids=repr,
)
def test_what_does_not_hold_is_told(expected: Expected, told: str) -> None:
    assert cases.unmet(expected, USED) == [told]


def test_an_answer_that_cannot_be_used_fails_a_test_and_nothing_else_is_said_of_it() -> None:
    expected = Expected(contains=("x",), label="x", get=((("a",), 1),))
    assert cases.unmet(expected, BROKEN) == [
        "the answer cannot be used: the answer hit the token limit [truncated]"
    ]
    assert cases.unmet(Expected(), BROKEN)


def test_who_expects_one_may_look_at_what_the_model_said() -> None:
    assert cases.unmet(Expected(valid=False, contains=("Par",)), BROKEN) == []
    assert cases.unmet(Expected(valid=False, contains=("x",)), BROKEN)


def test_tokens_that_nobody_counted_are_not_few() -> None:
    assert "did not count" in cases.unmet(Expected(max_tokens=9), Outcome("x"))[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert len(cases.unmet(Expected(equals="x", contains=("y", "z"), max_tokens=1), USED)) == 4


def test_an_answer_is_shown_short_and_harmless() -> None:
    loud = Outcome("\x1b[31m" + "x\n" * 100_000)
    (told,) = cases.unmet(Expected(contains=("\x1b]0;" + "y" * 1000,)), loud)
    assert len(told) < 250
    assert "\x1b" not in told
    assert "\n" not in told


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"(a*)*\1b", r"(?=(a+)+$)b", r"(a|aa)+$"])
def test_a_hostile_pattern_is_no_trap(pattern: str) -> None:
    began = time.monotonic()
    assert cases.unmet(Expected(matches=(pattern,)), Outcome("a" * 5000 + "!"))
    assert time.monotonic() - began < 5
