"""Only a label of the set is ever printed, spelled as given; anything else is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import labels
from mcli.errors import UnusableAnswer, UsageFailure
from mcli.labels import Label

SET = labels.parse(["Bug", "feature=something new", "very good", "good", "42"])


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("bug", Label("bug")),
        ("  bug  ", Label("bug")),
        ("bug=it is broken", Label("bug", "it is broken")),
        ("bug = a = b ", Label("bug", "a = b")),
        ("bug= two\n lines ", Label("bug", "two lines")),
        ("très bien", Label("très bien")),
        ("bug=", Label("bug")),
    ],
)
def test_a_label_and_what_it_means(written: str, label: Label) -> None:
    assert labels.parse([written, "other"])[0] == label


@pytest.mark.parametrize(
    "written",
    [
        [],
        ["one"],
        ["", "a"],
        ["  ", "a"],
        ["=x", "a"],
        ["a", "a"],
        ["a", " a "],
        ["a", "A"],
        ["a", "a=again"],
        ["a\nb", "c"],
    ],
)
def test_a_set_that_is_none(written: list[str]) -> None:
    with pytest.raises(UsageFailure):
        labels.parse(written)


@pytest.mark.parametrize("written", [["C", "C#"], ["1", "#1"], [".NET", "net"]])
def test_labels_that_differ_in_their_marks_are_two(written: list[str]) -> None:
    found = labels.parse(written)
    assert [label.name for label in found] == written
    for name in written:
        assert labels.read(f"{name}\n", found) == name


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Bug", "Bug"),
        ("bug", "Bug"),
        ("  BUG.\n", "Bug"),
        ('"Bug"', "Bug"),
        ("**Bug**", "Bug"),
        ("`feature`", "feature"),
        ("- feature", "feature"),
        ("feature!", "feature"),
        ("Label: Bug", "Bug"),
        ("The label is “Bug”.", "Bug"),
        ("It is a bug, a real bug.", "Bug"),
        ("very good", "very good"),
        ("I say very  good", "good"),
        ("I say: very good.", "very good"),
        ("good", "good"),
        ("42", "42"),
        ("The answer is 42.", "42"),
    ],
)
def test_the_label_that_an_answer_means(answer: str, name: str) -> None:
    assert labels.read(answer, SET) == name


@pytest.mark.parametrize(
    "answer",
    [
        "No",
        "no.",
        "Answer: no",
        "Answer: 'NO'",
        "The answer is no.",
        "**no**",
        "Label: no\n",
        "is no",
    ],
)
def test_no_is_an_answer_where_it_is_a_label(answer: str) -> None:
    assert labels.read(answer, labels.parse(["yes", "no"])) == "no"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "This is not a bug.",
        "none of them",
        "Bug or feature",
        "debugging",
        "debug",
        "bugs",
        "goodness",
        "very good and good",
        "421",
        "...",
        "Bug, feature, very good, good, 42",
    ],
)
def test_an_answer_that_means_no_label_or_several(answer: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        labels.read(answer, SET)
    assert (caught.value.exit_code, caught.value.slug) == (4, "not_a_label")


@pytest.mark.parametrize("answer", ["!!", "...", "**", "- -"])
def test_an_answer_of_marks_alone_is_not_a_label_of_other_marks(answer: str) -> None:
    with pytest.raises(UnusableAnswer):
        labels.read(answer, labels.parse(["yes", "?"]))


@pytest.mark.parametrize(
    ("written", "answer", "name"),
    [
        (["C", "C++", "Java"], "The language is C++.", "C++"),
        (["yes", "no"], "No", "no"),
        (["a.b", "axb"], "it is axb", "axb"),
        (["(", ")x"], "it is )x", ")x"),
        (["ja", "nein"], "JA!", "ja"),
        (["STRASSE", "weg"], "straße", "STRASSE"),
        (["好", "坏"], "好。", "好"),
    ],
)
def test_a_label_is_text_and_not_a_pattern(written: list[str], answer: str, name: str) -> None:
    assert labels.read(answer, labels.parse(written)) == name


names = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)
sets = st.lists(names, min_size=2, max_size=6, unique_by=str.casefold)


@given(sets, st.text())
def test_only_a_label_of_the_set_is_ever_read(written: list[str], answer: str) -> None:
    try:
        assert labels.read(answer, labels.parse(written)) in written
    except UnusableAnswer:
        pass


@given(sets, st.integers(0, 5), st.sampled_from(["{}", "{}.", "**{}**", "Answer: '{}'\n", "{} "]))
def test_every_label_can_be_answered(written: list[str], pick: int, form: str) -> None:
    name = written[pick % len(written)]
    if "answer" not in [word.casefold() for word in written]:
        assert labels.read(form.format(name), labels.parse(written)) == name


def test_the_set_as_a_model_sees_it() -> None:
    assert labels.lines(SET) == "- Bug\n- feature: something new\n- very good\n- good\n- 42"
