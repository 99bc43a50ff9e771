"""What a shell is offered: a word that no shell takes for more, and one short line about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli.suggestions import LONGEST, Suggestion, shown


@pytest.mark.parametrize(
    "word",
    [
        "gpt-4",
        "qwen2.5:7b",
        "vendor/model-a:free",
        "@cf/meta/llama",
        "größe",
        "a_b+c",
        "to=",
        "to=x",
    ],
)
def test_a_usual_name_is_offered(word: str) -> None:
    assert Suggestion(word, "what it is").line() == f"{word}\twhat it is\n"


@pytest.mark.parametrize(
    "mark", " \t\n\r\x00\x1b\x7f\x9b\u202e\u2028\ud800$`'\"\\;|&<>(){}[]*?!#~^%,"
)
def test_a_mark_that_a_shell_reads_otherwise_is_not(mark: str) -> None:
    assert Suggestion(f"a{mark}b").line() == ""
    assert Suggestion(f"{mark}b").line() == ""
    assert Suggestion(f"a{mark}").line() == ""


@pytest.mark.parametrize("word", ["", "-", "--model", "=x", "a=b=c", "x" * 201])
def test_nor_is_what_would_be_a_flag_or_no_name(word: str) -> None:
    assert Suggestion(word).line() == ""


@given(st.text(), st.text())
def test_a_suggestion_is_one_line_with_one_tab(word: str, told: str) -> None:
    line = Suggestion(word, told).line()

    if line:
        assert (line.count("\n"), line.count("\t")) == (1, 1)
        assert line.replace("\t", "").removesuffix("\n").isprintable()


@given(st.text(max_size=20 * LONGEST))
def test_what_is_told_is_short_and_drives_no_terminal(text: str) -> None:
    assert len(shown(text)) <= LONGEST
    assert shown(text).isprintable()


def test_what_is_told_says_that_it_was_longer() -> None:
    assert shown("word" * 100) == "word" * 17 + "wor…"
    assert shown(" two\n\twords ") == "two words"
