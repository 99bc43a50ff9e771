"""The JSON in an answer is found, never guessed, and held against its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import structured
from mcli.errors import UnusableAnswer

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        (' \n\ufeff{"a": 1}\n', {"a": 1}),
        ("[1, 2]", [1, 2]),
        ('"text"', "text"),
        ("null", None),
        ("```json\n[1]\n```", [1]),
        ("Here it is:\n~~~\n[1]\n~~~\nEnjoy.", [1]),
        ("```json\n[1]", [1]),
        ('The answer is {"a": "}"}', {"a": "}"}),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\ud83d"', "\ufffd"),
        ('{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_the_value_is_found(answer: str, value: Any) -> None:
    assert structured.value_in(answer) == value


@pytest.mark.parametrize(
    "answer",
    [
        "", "yes", "{'a': 1}", '{"a": 1,}', '{"a": 1', "NaN", "[Infinity]", "1e400",
        '{"a": [-1e999]}', '{"a": 1} and so on',
        '{"a": 1}\n{"a": 2}', "```\n1\n```\n```\n2\n```", "[" * 100_000, "9" * 5000, "{a: 1}",
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(answer: str) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        structured.value_in(answer)
    assert caught.value.slug == "not_json"


@given(VALUES)
def test_any_value_comes_back_from_an_answer_and_a_fence(value: Any) -> None:
    text = json.dumps(value)
    assert structured.value_in(text) == value
    assert structured.value_in(f"Sure!\n```json\n{text}\n```") == value


@given(st.text())
def test_any_answer_is_json_or_unusable(answer: str) -> None:
    try:
        json.dumps(structured.value_in(answer), ensure_ascii=False).encode()
    except UnusableAnswer:
        pass


def test_a_value_that_does_not_fit_says_where() -> None:
    structured.fitted({"a": 1}, SCHEMA)
    structured.fitted({"a": "x"}, None)
    with pytest.raises(UnusableAnswer, match=r"\.a: ") as caught:
        structured.fitted({"a": "x"}, SCHEMA)
    assert caught.value.slug == "schema_mismatch"
    with pytest.raises(UnusableAnswer) as caught:
        structured.fitted({"a": "x" * 10_000}, SCHEMA)
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("value", "text"), [("x\ny", "x\ny"), (7, "7"), (None, "null"), ({"a": "é"}, '{"a": "é"}')]
)
def test_a_text_is_printed_bare_and_all_else_as_json(value: Any, text: str) -> None:
    assert structured.shown(value) == text


def test_the_model_is_told_what_was_wrong_and_what_is_wanted() -> None:
    failure = UnusableAnswer("schema_mismatch", "a is odd")
    told = structured.complaint(failure, SCHEMA)
    assert "a is odd" in told
    assert json.dumps(SCHEMA) in told
    assert "Schema" not in structured.complaint(failure, None)
