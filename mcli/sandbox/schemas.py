"""EDGE: reading a JSON Schema that somebody else wrote: references, merging, kinds.

Whatever is ill-shaped reads as if it were not there: the client's validator is the judge of a
schema, the sandbox only wants a value for it.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote

Schema = dict[str, Any]

_IMPLIED = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern", "format"),
}

_PYTHON: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


class NoValue(ValueError):
    """Nothing fits a schema, or nothing that the sandbox can find."""


def resolve(root: Any, reference: Any) -> Any:
    """What a local `$ref` (`#/$defs/node`) points to. NoValue if it is not local or dangles."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise NoValue(f'"{reference}" is not a local reference')
    spot = root
    for step in reference[1:].split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(spot, list) and name.isdecimal():
            spot = dict(enumerate(cast(list[Any], spot))).get(int(name))
        else:
            spot = mapping(spot).get(name)
        if spot is None:
            raise NoValue(f'"{reference}" points nowhere')
    return spot


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is an object, else an empty one."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """`value` if it is an array, else an empty one."""
    return cast(list[Any], value) if isinstance(value, list) else []


def whole(schema: Schema, key: str) -> int | None:
    """The number of things that `key` says, None if it says none."""
    value = schema.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 1e15 else None


def merged(first: Schema, second: Schema) -> Schema:
    """A schema that asks for what both ask for. NoValue where they plainly exclude each other."""
    result = {**first, **second}
    for key in first.keys() & second.keys():
        one, other = first[key], second[key]
        if key == "properties":
            result[key] = _both_properties(mapping(one), mapping(other))
        elif key == "required":
            result[key] = [*sequence(one), *(x for x in sequence(other) if x not in sequence(one))]
        elif key == "type":
            result[key] = _both_kinds(one, other)
        elif key == "enum":
            result[key] = [value for value in sequence(one) if value in sequence(other)]
        elif key.startswith(("min", "exclusiveMin")) and _comparable(one, other):
            result[key] = max(one, other)
        elif key.startswith(("max", "exclusiveMax")) and _comparable(one, other):
            result[key] = min(one, other)
        elif key in ("items", "contains", "additionalProperties"):
            result[key] = {"allOf": [one, other]}
        elif key == "const" and one != other:
            raise NoValue("two constants exclude each other")
    return result


def kinds(schema: Schema) -> list[str]:
    """The types a schema allows, the first the likeliest; without a type, what its keys imply."""
    named = schema.get("type")
    if named is not None:
        return [kind for kind in _listed(named) if kind in tuple(_PYTHON)]
    return [kind for kind, keys in _IMPLIED.items() if schema.keys() & set(keys)] or ["string"]


def allowed(value: Any, schema: Schema) -> bool:
    """Whether the type of `value` is one that the schema names; without a type any is."""
    if "type" not in schema:
        return True
    return any(_is_a(value, kind) for kind in kinds(schema))


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    whole_float = kind == "integer" and isinstance(value, float) and value.is_integer()
    return whole_float or isinstance(value, _PYTHON[kind])


def _listed(named: Any) -> list[Any]:
    return sequence(named) if isinstance(named, list) else [named]


def _both_kinds(one: Any, other: Any) -> list[str]:
    left, right = _listed(one), _listed(other)
    both = [kind for kind in left if kind in right]
    if ("integer" in left and "number" in right) or ("number" in left and "integer" in right):
        both.append("integer")
    if not both:
        raise NoValue(f"no type is both {one} and {other}")
    return both


def _both_properties(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    shared = {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
    return {**one, **other, **shared}


def _comparable(one: Any, other: Any) -> bool:
    return all(isinstance(n, int | float) and not isinstance(n, bool) for n in (one, other))
