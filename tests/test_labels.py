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
        "I doubt it is a bug.",
        "unlikely a bug",
        "anything else except bug",
        "It is far from a bug",
        "Something other than a bug",
        "It would be wrong to call this a bug.",
        "Bug: false",
        "Bug: ❌",
        "[ ] Bug",
        "-42",
        "the score is -42",
        ".42",
        "bug " + "x " * labels.MOST_READ,
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
        (["caf\u00e9", "bar"], "cafe\u0301", "caf\u00e9"),
        (["cafe\u0301", "bar"], "It is a Caf\u00c9.".replace("\u00c9", "\u00e9"), "cafe\u0301"),
        (["-1", "0", "1"], "-1.", "-1"),
        (["-1", "0", "1"], "1.", "1"),
        (["1", "2"], "- 1", "1"),
        (["true", "false"], "It is false.", "false"),
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


ALIASED = labels.parse(["bug | defect|a fault = it is broken", "wish|feature request", "C++"])


def test_aliases_are_other_words_for_a_label() -> None:
    assert ALIASED[0] == Label("bug", "it is broken", ("defect", "a fault"))
    assert labels.lines(ALIASED) == "- bug: it is broken\n- wish\n- C++"


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Defect.", "bug"),
        ("It is a fault", "bug"),
        ("A bug, or a defect", "bug"),
        ("**feature request**", "wish"),
    ],
)
def test_an_alias_is_read_as_its_label(answer: str, name: str) -> None:
    assert labels.read(answer, ALIASED) == name


@pytest.mark.parametrize(
    "written", [["a|b", "b"], ["a|A", "c"], ["\u00e9", "e\u0301"], ["a|", "c"], ["|a", "c"]]
)
def test_all_words_of_a_set_differ(written: list[str]) -> None:
    with pytest.raises(UsageFailure):
        labels.parse(written)


def test_a_file_has_comments_and_blank_lines() -> None:
    text = "# moods\n\n  glad | happy = fine, or better\n  # more\nC#\n"
    assert labels.in_file(text) == ("glad | happy = fine, or better", "C#")


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ('{"label": "feature"}', "feature"),
        ('```json\n{"label": "Bug", "why": "not a feature"}\n```', "Bug"),
        ('"Bug"', "Bug"),
        ('["Bug"]', "Bug"),
        ('{"answer": "Bug"}', "Bug"),
        ('I say {"label": "very good"}', "very good"),
        ('{"label": 42}', "42"),
        ('{"bug": true, "feature": false}', "Bug"),
    ],
)
def test_a_label_may_come_as_json(answer: str, name: str) -> None:
    assert labels.read(answer, SET) == name


@pytest.mark.parametrize(
    "answer",
    ['{"bug": false}', '{"Bug": 0}', '{"bug": 0.9, "feature": 0.1}', '{"bug": true, "good": true}',
     '{"label": false}', '{"label": null, "other": "Bug"}', '{"label": "chore"}',
     '{"label": "not a bug"}', "{}"],
)  # fmt: skip
def test_json_that_names_no_label(answer: str) -> None:
    with pytest.raises(UnusableAnswer):
        labels.read(answer, SET)


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("bug", ("bug",)),
        ("wish\nbug\n", ("bug", "wish")),
        ("- wish\n- **Bug**", ("bug", "wish")),
        ("Bug, wish", ("bug", "wish")),
        ("C++, bug", ("bug", "C++")),
        ("C++\nbug", ("bug", "C++")),
        ("bug and C++", ("bug", "C++")),
        ("defect; feature request; bug", ("bug", "wish")),
        ("The labels are bug and wish.", ("bug", "wish")),
        ('{"labels": ["wish", "bug"]}', ("bug", "wish")),
        ('["wish"]', ("wish",)),
        ('{"C++": true, "bug": false, "defect": false, "wish": true}', ("wish", "C++")),
        ("```json\n[\"wish\", \"defect\"]\n```", ("bug", "wish")),
    ],
)  # fmt: skip
def test_several_labels_in_the_order_of_the_set(answer: str, names: tuple[str, ...]) -> None:
    assert labels.read_several(answer, ALIASED) == names


@pytest.mark.parametrize(
    "answer",
    ['{"bug": false}', '{"bug": true, "wish": "no"}', '{"bug": 0.9, "wish": 0.1}',
     "bug: true\nwish: false\nC++: true", "- [x] bug\n- [ ] wish", "[ ] bug\n[ ] wish",
     "bug \u2713\nwish \u2717",
     "", "none", "none of them", '{"labels": []}', '{"labels": ["bug", "chore"]}', '["bug", 1]',
     "not a bug, but a wish", "debugging"],
)  # fmt: skip
def test_an_answer_that_is_no_list_of_labels(answer: str) -> None:
    with pytest.raises(UnusableAnswer):
        labels.read_several(answer, ALIASED)


@pytest.mark.parametrize("answer", ["It is about ui and bugs: bug", "Both ui and bug, surely."])
def test_of_several_none_is_left_out_that_may_be_but_a_word(answer: str) -> None:
    with pytest.raises(UnusableAnswer):
        labels.read_several(answer, labels.parse(["bug", "ui"]))


@given(sets, st.text(), st.booleans())
def test_only_labels_of_the_set_are_ever_read_in_their_order(
    written: list[str], answer: str, listed: bool
) -> None:
    known = labels.parse(written)
    try:
        names = labels.read_several("\n".join(written) if listed else answer, known)
    except UnusableAnswer:
        return
    assert list(names) == [name for name in written if name in names]


@pytest.mark.parametrize("several", [False, True])
def test_what_is_asked_again_names_the_set(several: bool) -> None:
    told = labels.complaint(ALIASED, several)
    assert labels.lines(ALIASED) in told
    assert "defect" not in told
    assert ("at least one" in told) == several


def test_the_schema_is_as_strict_as_servers_want_it() -> None:
    one, several = (labels.schema(ALIASED, which) for which in (False, True))
    assert one["properties"]["label"]["enum"] == ["bug", "wish", "C++"]
    assert several["properties"]["labels"]["items"]["enum"] == ["bug", "wish", "C++"]
    for wanted, key in ((one, "label"), (several, "labels")):
        assert (wanted["required"], wanted["additionalProperties"]) == ([key], False)
