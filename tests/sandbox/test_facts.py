from __future__ import annotations

import pytest

from mcli.sandbox.facts import found, wanted
from mcli.sandbox.values import fitting


@pytest.mark.parametrize(
    ("system", "names"),
    [
        ("Take facts.\n\nFields:\n- name\n- date of birth\n", ["name", "date of birth"]),
        ("Fields:\n- a: b\nand so on\n- c", ["a: b"]),
        ("Fields: name", []),
        ("", []),
    ],
)
def test_the_fields_are_those_of_the_list(system: str, names: list[str]) -> None:
    assert wanted(system) == names


def test_a_field_is_what_the_first_line_says_of_it() -> None:
    text = "NAME: Ada\nname: Bob\nat: 9:00\nphone:\nnothing here"
    assert found(text, ["name", "at", "phone", "here"]) == {
        "name": "Ada", "at": "9:00", "phone": None, "here": None,
    }  # fmt: skip


def test_a_word_of_an_enum_is_the_one_that_the_text_mentions() -> None:
    risk = {"type": "string", "enum": ["none", "low", "high"]}
    assert fitting(risk, "the risk is high.") == "high"
    assert fitting(risk, "highly") == fitting(risk) == "none"
    unique = {"type": "array", "items": risk, "minItems": 3, "uniqueItems": True}
    assert fitting(unique, "high") == ["high", "none", "low"]
    assert fitting({"enum": [3, "three"]}, "three") == "three"
