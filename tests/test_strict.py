"""A document is read as what is meant: text stays text, and every complaint has its place."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import strict
from mcli.errors import ConfigFailure
from mcli.strict import Node

PLACE = "f.yaml:3:5"


def plain(word: str) -> Node:
    return Node(word, PLACE, plain=True)


def quoted(word: str) -> Node:
    return Node(word, PLACE)


MAP = Node({"a": plain("1")}, PLACE)
LIST = Node([plain("1")], PLACE)


@pytest.mark.parametrize(
    ("word", "value"),
    [("0", 0), ("7", 7), ("-3", -3), ("+3", 3), ("007", 7), ("9" * 40, int("9" * 40))],
)
def test_a_whole_number(word: str, value: int) -> None:
    assert strict.integer(plain(word)) == value


@pytest.mark.parametrize(
    "node",
    [*map(plain, ["", "3.0", "3e2", "0x1F", "1_000", "1:30", "no", "٣", "3 ", "9" * 41]),
     quoted("3"), MAP, LIST],
)  # fmt: skip
def test_what_is_no_whole_number(node: Node) -> None:
    with pytest.raises(ConfigFailure, match=PLACE):
        strict.integer(node)


@pytest.mark.parametrize(
    ("word", "value"), [("0", 0), ("0.7", 0.7), (".5", 0.5), ("1.", 1.0), ("-1e-3", -0.001)]
)
def test_a_number(word: str, value: float) -> None:
    assert strict.number(plain(word)) == value


@pytest.mark.parametrize(
    "node",
    [*map(plain, [".nan", ".inf", "nan", "inf", "1e999", "-1e999", "1:30", "e5", ".", "-", "1,5"]),
     quoted("0.7"), MAP],
)  # fmt: skip
def test_what_is_no_number(node: Node) -> None:
    with pytest.raises(ConfigFailure, match=PLACE):
        strict.number(node)


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "false", "False", "FALSE"])
def test_true_and_false(word: str) -> None:
    assert strict.boolean(plain(word)) is (word.lower() == "true")


@pytest.mark.parametrize(
    "node", [*map(plain, ["yes", "no", "on", "off", "1", "0", "y", "tRUE", ""]), quoted("true")]
)
def test_neither_true_nor_false(node: Node) -> None:
    with pytest.raises(ConfigFailure, match=PLACE):
        strict.boolean(node)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("no", "no"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".nan", ".nan"),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("5", 5),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("low", "low"),
    ],
)
def test_a_value_of_any_kind_is_what_json_would_have(word: str, value: Any) -> None:
    found = strict.anything(plain(word))
    assert found == value
    assert type(found) is type(value)
    assert strict.anything(quoted(word)) == word


def test_a_value_of_any_kind_may_be_nested() -> None:
    node = Node({"order": Node([plain("a"), MAP, quoted("1")], PLACE)}, PLACE)
    assert strict.anything(node) == {"order": ["a", {"a": 1}, "1"]}


@pytest.mark.parametrize("word", ["9" * 5000, "1" + "0" * 400 + ".0", "1e999"])
def test_a_number_that_nobody_means_is_refused(word: str) -> None:
    with pytest.raises(ConfigFailure, match=PLACE) as caught:
        strict.anything(plain(word))
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("read", "node", "found"),
    [
        (strict.mapping, LIST, "a list"),
        (strict.mapping, plain("x"), "text"),
        (strict.items, MAP, "a mapping"),
        (strict.items, plain("x"), "text"),
        (strict.text, MAP, "a mapping"),
        (strict.text, LIST, "a list"),
    ],
)
def test_a_wrong_shape_is_named(read: Any, node: Node, found: str) -> None:
    with pytest.raises(ConfigFailure, match=f"{PLACE}: expected .*{found}"):
        read(node)


def test_an_unknown_key_is_named_where_it_stands_and_corrected() -> None:
    node = Node({"model": plain("m"), "tempreature": Node("0", "f.yaml:2:1", True)}, PLACE)
    with pytest.raises(ConfigFailure, match=r'f\.yaml:2:1: unknown key "tempreature"') as caught:
        strict.mapping(node, ("model", "temperature"))
    assert caught.value.hint == 'did you mean "temperature"?'


def test_any_key_will_do_where_none_are_known() -> None:
    assert strict.mapping(MAP) == MAP.value


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("modle", ["model", "params"], 'did you mean "model"?'),
        ("zzz", ["params", "model"], "known: model, params"),
        ("zzz", [], ""),
        ("", ["model"], "known: model"),
    ],
)
def test_a_near_miss_is_corrected(word: str, known: list[str], hint: str) -> None:
    assert strict.did_you_mean(word, known) == hint
    assert strict.did_you_mean(word, iter(known)) == hint


def test_one_word_of_several() -> None:
    assert strict.choice(plain("list"), ("string", "list")) == "list"
    with pytest.raises(ConfigFailure, match=PLACE) as caught:
        strict.choice(plain("lists"), ("string", "list"))
    assert "list" in caught.value.hint


def test_an_absent_key_is_its_default() -> None:
    fields = {"a": plain("5")}
    assert strict.optional(fields, "a", strict.integer, 1) == 5
    assert strict.optional(fields, "b", strict.integer, 1) == 1


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("low", "low"),
        ("40", 40),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ('"40"', "40"),
        ('{"a": [1]}', {"a": [1]}),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ('{"a": NaN}', '{"a": NaN}'),
        ("", ""),
        ("{", "{"),
        ("9" * 5000, "9" * 5000),
        ("[" * 100_000, "[" * 100_000),
        ("no", "no"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_parameter_is_json_or_text(word: str, value: Any) -> None:
    assert strict.json_or_text(word) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
).filter(lambda value: not isinstance(value, float) or math.isfinite(value))


@given(json_values)
def test_json_is_read_as_json(value: Any) -> None:
    try:
        written = json.dumps(value, allow_nan=False)
    except ValueError:
        return
    assert strict.json_or_text(written) == value


@given(st.text())
def test_any_word_is_a_number_or_a_complaint(word: str) -> None:
    for read in (strict.integer, strict.number, strict.boolean, strict.anything):
        told = f"{PLACE}: "
        try:
            value = read(plain(word))
            assert not isinstance(value, float) or math.isfinite(value)
        except ConfigFailure as failure:
            told = failure.message
        assert told.startswith(f"{PLACE}: ")
