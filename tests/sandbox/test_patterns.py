from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.sandbox.patterns import sample

READ = [
    r"^[A-Z]{2}-\d{4}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^(foo|bar)+baz?$",
    r"^(?:a|b){3,5}$",
    r"^[^a-z]+$",
    r"\bword\b",
    r"^[\w.+-]+@[\w-]+\.[a-z]{2,}$",
    r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$",
    r"^(?P<year>\d{4})/(?P<rest>.*)$",
    r"^(?!x)[a-z]$",
    r"^#[0-9a-fA-F]{6}$",
    r"^[\]\[]$",
    r"^\u00e9\x41$",
    r"a|b",
    r"^a{2}b{0,3}c{,}",
    r"^[]a]$",
    r"^\s\S\D\W$",
    r"",
    r"^$",
    r"^.{3}$",
    r"^ж+$",
    r"^[а-я]{2}$",
]


@pytest.mark.parametrize("pattern", READ)
def test_a_sample_matches(pattern: str) -> None:
    text = sample(pattern, 0, None)
    assert text is not None
    assert re.search(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "shortest", "longest"),
    [
        (r"^[a-z]+$", 12, 12),
        (r"^\d*$", 3, 5),
        (r"^[A-Z]{2}x*y$", 9, None),
        (r"abc", 10, 10),
        (r"^a{2,50}$", 30, 40),
    ],
)
def test_a_sample_keeps_to_its_length(pattern: str, shortest: int, longest: int | None) -> None:
    text = sample(pattern, shortest, longest)
    assert text is not None
    assert re.search(pattern, text)
    assert shortest <= len(text) <= (longest or 100)


@pytest.mark.parametrize(
    ("pattern", "shortest", "longest"),
    [
        (r"^\p{Lu}$", 0, None),
        (r"(", 0, None),
        (r")", 0, None),
        (r"[a", 0, None),
        (r"*", 0, None),
        (r"a{99999999}", 0, None),
        (r"((a{9999}){9999}){9999}", 0, None),
        (r"^ab$", 3, None),
        (r"^abc$", 0, 2),
        (r"^(a)\1$", 0, None),
        (r"[[:alpha:]]", 0, None),
        (r"[a--b]", 0, None),
        ("(" * 5000, 0, None),
    ],
)
def test_what_cannot_be_read_or_met_is_nothing(
    pattern: str, shortest: int, longest: int | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sample(pattern, shortest, longest) is None


@settings(deadline=None)
@given(st.text(alphabet=r"ab1[](){}|*+?^$\.,-dwx:=!<", max_size=12), st.integers(0, 5))
def test_a_sample_matches_or_there_is_none(pattern: str, shortest: int) -> None:
    text = sample(pattern, shortest, 20)
    assert text is None or (re.search(pattern, text) and shortest <= len(text) <= 20)
