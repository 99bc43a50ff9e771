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


FAN = {
    f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}, {"$ref": f"#/$defs/a{n + 1}"}]}
    for n in range(40)
} | {"a40": {}}
"""Each asks twice for the next: 2^40 visits to one value."""


@pytest.mark.parametrize(
    "rules",
    [
        {"$defs": FAN, "$ref": "#/$defs/a0"},
        {"$defs": FAN, "properties": {"$defs": {"items": {"$ref": "#/$defs/a0"}}}},
        {"$defs": FAN, "dependentSchemas": {"a": {"$ref": "#/$defs/a0"}}},
    ],
)
def test_references_that_multiply_are_refused(rules: object) -> None:
    with pytest.raises(ValueError, match="multiply"):
        schema.check(rules)


@pytest.mark.parametrize(
    "rules",
    [
        {"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}},
        {"properties": {"a": {"$ref": "#"}}, "allOf": [{"properties": {"a": {"$ref": "#"}}}]},
    ],
)
def test_a_schema_that_repeats_itself_at_one_place_is_refused(rules: object) -> None:
    """Each level of the value would double the visits."""
    with pytest.raises(ValueError, match="multiply"):
        schema.check(rules)


@pytest.mark.parametrize(
    "rules",
    [
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"$ref": "#"},
        {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {}}, "$ref": "#/$defs/a"},
        {"properties": {"$ref": {"type": "string"}, "default": {}, "allOf": {}}},
        {"$defs": {"a/b~c": {}}, "$ref": "#/$defs/a~1b~0c"},
        True,
    ],
)
def test_a_schema_that_refers_to_itself_is_a_schema(rules: object) -> None:
    schema.check(rules)


def test_a_nest_that_is_too_deep_is_an_error() -> None:
    rules: dict[str, object] = {}
    for _ in range(5000):
        rules = {"items": rules}
    with pytest.raises(ValueError, match="too deep"):
        schema.check(rules)


def test_a_complaint_says_where() -> None:
    rules = {"properties": {"a": {"items": {"type": "integer"}}}}
    assert schema.complaint({"a": [1, "x"]}, rules).startswith(".a[1]: ")


def test_a_hostile_pattern_is_no_trap() -> None:
    assert schema.complaint("a" * 40 + "!", {"pattern": "^(a+)+$"})


@pytest.mark.parametrize("reference", ["", "  | x", "a\nb"])
def test_a_reference_that_is_not_fetched_is_shown_in_quotes_on_one_line(reference: str) -> None:
    with pytest.raises(ValueError, match=r'^".*" is not fetched') as caught:
        schema.check({"$ref": reference})
    assert "\n" not in str(caught.value)
