"""A value against a JSON Schema, without ever leaving the machine."""

from __future__ import annotations

import pytest

from mcli import schema


def test_a_value_that_fits_has_no_complaint() -> None:
    assert schema.complaint({"a": 1}, {"required": ["a"]}) == ""


@pytest.mark.parametrize("value", [{}, [], {"a": "x"}])
def test_a_value_that_does_not_fit_has_one(value: object) -> None:
    rules = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}

    assert schema.complaint(value, rules)


@pytest.mark.parametrize("rules", [{"type": "nonsense"}, 7, {"$ref": "#/nowhere"}])
def test_what_is_no_schema_is_an_error(rules: object) -> None:
    with pytest.raises(ValueError, match=r"not a JSON Schema"):
        schema.complaint({}, rules)


def test_a_schema_cannot_make_us_call_anybody() -> None:
    with pytest.raises(ValueError, match="not fetched"):
        schema.complaint({}, {"$ref": "http://192.0.2.1/schema.json"})


def test_a_hostile_pattern_is_no_trap() -> None:
    assert schema.complaint("a" * 40 + "!", {"pattern": "^(a+)+$"})
