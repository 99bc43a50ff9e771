from __future__ import annotations

import contextlib
import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.sandbox.values import fitting

NODE = {
    "type": "object",
    "required": ["value", "next"],
    "properties": {
        "value": {"type": "integer"},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    },
    "additionalProperties": False,
}

SCHEMAS: list[Any] = [
    True,
    {},
    {"type": "string"},
    {"type": "string", "minLength": 30, "maxLength": 31},
    {"type": "string", "maxLength": 3},
    {"type": "string", "maxLength": 0},
    {"type": "integer", "minimum": 5, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 2.5, "exclusiveMaximum": 4},
    {"type": "integer", "multipleOf": 7, "minimum": 8},
    {"type": "integer", "multipleOf": 2.5, "exclusiveMinimum": 0},
    {"type": "integer", "maximum": -10},
    {"type": "number", "minimum": 0.1, "maximum": 0.2},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
    {"type": "number", "multipleOf": 0.01, "minimum": 0.025},
    {"type": "number", "minimum": 1, "exclusiveMinimum": 1},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["null", "integer"]},
    {"type": ["string", "null"], "minLength": 1},
    {"const": {"a": [1, None]}},
    {"enum": [3, "three"], "type": "string"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3},
    {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "maxItems": 0},
    {"type": "array", "prefixItems": [{"type": "string"}, {"const": 4}], "items": False},
    {"type": "array", "contains": {"const": "here"}},
    {"type": "array", "items": False},
    {"type": "array", "items": {"type": "array", "items": {"type": "null"}, "minItems": 2}},
    {
        "type": "object",
        "required": ["label", "urgent"],
        "properties": {"label": {"enum": ["outage", "billing"]}, "urgent": {"type": "boolean"}},
        "additionalProperties": False,
    },
    {"type": "object", "required": ["undeclared"], "additionalProperties": {"type": "integer"}},
    {"type": "object", "minProperties": 3},
    {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "maxProperties": 1},
    {"type": "object", "properties": {"never": False, "a": {"type": "integer"}}},
    {"anyOf": [{"type": "integer", "minimum": 2, "maximum": 1}, {"type": "string"}]},
    {"anyOf": [{"const": 1}, {"const": "b"}], "type": "string"},
    {"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}}]},
    {"allOf": [{"minimum": 3}, {"maximum": 4}], "type": "integer"},
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"minimum": 3}}, "required": ["a"]},
            {"properties": {"a": {"type": "integer", "maximum": 4}, "b": {"type": "null"}}},
        ],
        "required": ["b"],
    },
    {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "integer", "minimum": 9}}},
    {"$ref": "#/$defs/x", "$defs": {"x": {"$ref": "#/$defs/y"}, "y": {"const": 1}}},
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {
        "type": "object",
        "required": ["name", "children"],
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#"}},
            "parent": {"$ref": "#"},
        },
    },
    {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$", "minLength": 8},
    {
        "type": "array",
        "items": {"type": "string", "pattern": "^[a-z]+$"},
        "minItems": 4,
        "uniqueItems": True,
    },
    *({"type": "string", "format": form} for form in ("date", "date-time", "time", "duration")),
    *({"type": "string", "format": form} for form in ("email", "uri", "uuid", "ipv4", "ipv6")),
    *({"type": "string", "format": form} for form in ("hostname", "json-pointer", "colour")),
]


HOPELESS: list[Any] = [
    False,
    {"type": "integer", "minimum": 2, "maximum": 1},
    {"type": "number", "exclusiveMinimum": 1, "maximum": 1},
    {"type": "string", "minLength": 2, "maxLength": 1},
    {"type": "unicorn"},
    {"enum": []},
    {"enum": [1], "type": "string"},
    {"const": 1, "enum": [2]},
    {"allOf": [{"const": 1}, {"const": 2}]},
    {"allOf": [{"type": "string"}, {"type": "integer"}]},
    {"anyOf": [False, {"enum": []}]},
    {"$ref": "#/$defs/missing"},
    {"$ref": "https://example.com/schema"},
    {"$ref": 7},
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "minItems": 1_000_000_000},
    {"type": "string", "minLength": 1_000_000_000},
    {"type": "object", "minProperties": 1_000_000_000},
    {"type": "array", "minItems": 9_000, "items": {"const": "x" * 10_000}},
    {
        "$ref": "#/$defs/d0",
        "$defs": {
            f"d{n}": {
                "required": ["a", "b"],
                "properties": {name: {"$ref": f"#/$defs/d{n + 1}"} for name in "ab"},
            }
            for n in range(40)
        },
    },
]


def assert_fits(schema: Any) -> None:
    value = json.loads(json.dumps(fitting(schema), allow_nan=False))
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    errors = [error.message for error in validator.iter_errors(value)]
    assert not errors, (value, errors)


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_the_value_fits(schema: Any) -> None:
    assert_fits(schema)


def test_a_value_shows_what_is_optional() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"items": {"type": "boolean"}}}}
    assert fitting(schema) == {"a": "sandbox", "b": [True]}


@pytest.mark.parametrize("schema", HOPELESS, ids=lambda schema: json.dumps(schema)[:60])
def test_what_nothing_fits_is_refused_and_what_is_too_large(schema: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        fitting(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": 3, "required": "a"},
        {"type": "array", "items": 3, "minItems": "x"},
        {"type": "string", "pattern": 3, "format": [], "minLength": True},
        {"type": "number", "minimum": "low", "multipleOf": 0},
        {"type": "number", "maximum": float("inf")},
        {"anyOf": 3, "allOf": {}, "enum": 3, "type": "string"},
        {"type": {}},
        [],
    ],
)
def test_an_ill_shaped_schema_does_no_harm(schema: Any) -> None:
    with contextlib.suppress(ValueError):
        json.dumps(fitting(schema))


def bounds(low: str, high: str, limit: int) -> st.SearchStrategy[dict[str, int]]:
    pairs = st.tuples(st.integers(0, limit), st.integers(0, limit)).map(sorted)
    both = pairs.map(lambda pair: {low: pair[0], high: pair[1]})
    nothing: dict[str, int] = {}
    return st.one_of(st.just(nothing), both, st.integers(0, limit).map(lambda n: {low: n}))


def with_type(kind: str, keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return keys.map(lambda extra: {"type": kind, **extra})


leaves: st.SearchStrategy[Any] = st.one_of(
    with_type("string", bounds("minLength", "maxLength", 12)),
    with_type("integer", bounds("minimum", "maximum", 50)),
    with_type("number", bounds("minimum", "maximum", 50)),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, True, {}]),
    st.lists(st.one_of(st.integers(), st.text(), st.none()), min_size=1).map(
        lambda values: {"enum": values}
    ),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arrays = st.tuples(inner, bounds("minItems", "maxItems", 4)).map(
        lambda pair: {"type": "array", "items": pair[0], **pair[1]}
    )
    objects = st.tuples(
        st.dictionaries(st.sampled_from("abcd"), inner), st.lists(st.sampled_from("abcd"))
    ).map(
        lambda pair: (
            {
                "type": "object",
                "properties": pair[0],
                "required": sorted(set(pair[1])),
                "additionalProperties": set(pair[1]) <= pair[0].keys() and {"type": "integer"},
            }
            if set(pair[1]) <= pair[0].keys()
            else {"type": "object", "properties": pair[0]}
        )
    )
    unions = st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    return st.one_of(arrays, objects, unions)


@settings(deadline=None, max_examples=150)
@given(st.recursive(leaves, containers, max_leaves=8))
def test_a_value_fits_whatever_the_schema(schema: Any) -> None:
    assert_fits(schema)


KEYWORDS = (
    *(
        "type",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "$defs",
        "const",
        "enum",
        "properties",
        "required",
    ),
    *("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems", "minLength"),
    *("maxLength", "pattern", "format", "minimum", "exclusiveMaximum", "multipleOf"),
    *("minProperties", "maxProperties", "additionalProperties"),
)

junk: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 5),
        st.floats(),
        st.text(max_size=3),
        st.sampled_from(["object", "array", "string", "integer", "#", "#/$defs/a", "date"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(KEYWORDS), junk))
def test_no_schema_does_harm(schema: Any) -> None:
    with contextlib.suppress(ValueError):
        json.dumps(fitting(schema))
