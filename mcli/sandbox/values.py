"""EDGE: JSON Schema -> a value that fits, plain and always the same.

Held to: types, enum, const, the bounds of numbers, strings, arrays and objects, required,
properties, items, prefixItems, anyOf, oneOf, allOf and local $ref. Best effort: pattern, format,
uniqueItems, contains. Passed over: not, if/then/else, patternProperties and what else is rare.
"""

from __future__ import annotations

import json
from typing import Any

from mcli.sandbox import amounts, patterns
from mcli.sandbox.choosing import mentioned
from mcli.sandbox.schemas import (
    NoValue,
    Schema,
    allowed,
    kinds,
    mapping,
    merged,
    resolve,
    sequence,
    whole,
)
from mcli.shapes import frozen, replace

_BUDGET = 10_000
"""Values that one schema may ask for; 64 characters count as one."""

_DEEPEST = 64

_WORD = "sandbox"

_FORMATS = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT1H",
    "email": "sandbox@example.com",
    "idn-email": "sandbox@example.com",
    "hostname": "sandbox.example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uri": "https://example.com/sandbox",
    "url": "https://example.com/sandbox",
    "iri": "https://example.com/sandbox",
    "uri-reference": "/sandbox",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/sandbox",
}


def fitting(schema: Any, text: str = "") -> Any:
    """A value that fits `schema`; of an enum's words, the one that `text` mentions if there is one.

    ValueError if no value fits, or none of a sensible size.
    """
    return _Maker(schema, text).make(schema, _Spot())


class _TooMuch(ValueError):
    """The budget is spent. No NoValue: another alternative must not be tried after it."""


@frozen
class _Spot:
    """Where in the value we are.

    `refs` were entered on the way here, and `again` says that one of them was entered twice: from
    there on only what is required is made, so that recursive schemas come to an end. `nth` tells
    the items of an array apart that must be unique.
    """

    depth: int = 0
    refs: frozenset[str] = frozenset("#")
    again: bool = False
    nth: int = 0

    def deeper(self) -> _Spot:
        if self.depth >= _DEEPEST:
            raise NoValue(f"it is nested more than {_DEEPEST} deep")
        return replace(self, depth=self.depth + 1)

    def entering(self, reference: str) -> _Spot:
        again = self.again or reference in self.refs
        return replace(self.deeper(), refs=self.refs | {reference}, again=again)


class _Maker:
    """One value in the making: the schema its references point into, the text that it is about,
    and what is left to spend."""

    def __init__(self, root: Any, text: str) -> None:
        self._root = root
        self._text = text
        self._left = _BUDGET

    def make(self, schema: Any, spot: _Spot) -> Any:
        self._spend(0)
        flat, spot = self._flat(schema, spot.deeper())
        for key in ("anyOf", "oneOf"):
            if options := sequence(flat.pop(key, None)):
                return self._first(flat, options, spot)
        if "const" in flat or "enum" in flat:
            return self._given(flat, spot)
        found = kinds(flat)
        if not found:
            raise NoValue("it names no known type")
        if "null" in found and (spot.again or found == ["null"]):
            return None
        return self._of_kind(next(kind for kind in found if kind != "null"), flat, spot)

    def _flat(self, schema: Any, spot: _Spot) -> tuple[Schema, _Spot]:
        """The schema with its `$ref` and `allOf` merged into it."""
        self._spend(0)
        if schema is False:
            raise NoValue("it allows nothing")
        flat = dict(mapping(schema))
        parts = sequence(flat.pop("allOf", None))
        if "$ref" in flat:
            reference = flat.pop("$ref")
            parts = [resolve(self._root, reference), *parts]
            spot = spot.entering(reference)
        for part in parts:
            more, spot = self._flat(part, spot.deeper())
            flat = merged(flat, more)
        return flat, spot

    def _first(self, flat: Schema, options: list[Any], spot: _Spot) -> Any:
        """A value for the first alternative that has one; on the way out, plain ones first."""
        if spot.again:
            options = sorted(options, key=lambda option: '"$ref"' in json.dumps(option))
        for option in options:
            try:
                return self.make({"allOf": [flat, option]}, spot)
            except NoValue:
                continue
        raise NoValue("no alternative has a value")

    def _given(self, flat: Schema, spot: _Spot) -> Any:
        values = [flat["const"]] if "const" in flat else sequence(flat["enum"])
        if "const" in flat and "enum" in flat and flat["const"] not in sequence(flat["enum"]):
            values = []
        values = [value for value in values if allowed(value, flat)]
        if not values:
            raise NoValue("no constant is left")
        named = mentioned(self._text, [value for value in values if isinstance(value, str)])
        if named is not None:
            values.sort(key=lambda value: value != named)
        value = values[spot.nth % len(values)]
        self._spend(len(json.dumps(value)))
        return value

    def _of_kind(self, kind: str, flat: Schema, spot: _Spot) -> Any:
        match kind:
            case "object":
                return self._object(flat, spot)
            case "array":
                return self._array(flat, spot)
            case "string":
                return self._string(flat, spot.nth)
            case "boolean":
                return spot.nth % 2 == 0
            case _:
                return amounts.fitting(flat, kind == "integer", spot.nth)

    def _object(self, flat: Schema, spot: _Spot) -> dict[str, Any]:
        declared = mapping(flat.get("properties"))
        required = [name for name in sequence(flat.get("required")) if isinstance(name, str)]
        extra, least = flat.get("additionalProperties", True), whole(flat, "minProperties") or 0
        most = whole(flat, "maxProperties")
        room = _BUDGET if most is None else most - len(required)
        value: dict[str, Any] = {}
        for name in [*declared, *(name for name in required if name not in declared)]:
            self._spend(len(name))
            if name in required:
                value[name] = self.make(declared.get(name, extra), spot)
            elif room > 0 and (not spot.again or len(value) < least):
                try:
                    value[name] = self.make(declared[name], spot)
                    room -= 1
                except NoValue:
                    continue
        while len(value) < least:
            value[f"{_WORD}_{len(value) + 1}"] = self.make(extra, spot)
        return value

    def _array(self, flat: Schema, spot: _Spot) -> list[Any]:
        items = flat.get("items", True)
        prefix = sequence(flat.get("prefixItems", items))
        items = flat.get("additionalItems", True) if isinstance(items, list) else items
        if "contains" in flat:
            items = {"allOf": [items, flat["contains"]]}
        least = max(whole(flat, "minItems") or 0, len(prefix) + 1 if "contains" in flat else 0)
        try:
            return self._items(prefix, items, self._length(flat, least, prefix, spot), spot, flat)
        except NoValue:
            return self._items(prefix, items, least, spot, flat)

    def _length(self, flat: Schema, least: int, prefix: list[Any], spot: _Spot) -> int:
        """One item where none is needed, so that there is something to see."""
        most = whole(flat, "maxItems")
        shown = 0 if spot.again else max(1, len(prefix))
        if flat.get("items") is False:
            shown = min(shown, len(prefix))
        return max(least, shown if most is None else min(shown, most))

    def _items(
        self, prefix: list[Any], items: Any, length: int, spot: _Spot, flat: Schema
    ) -> list[Any]:
        unique = flat.get("uniqueItems") is True
        value: list[Any] = []
        tries = 0
        while len(value) < length:
            part = prefix[len(value)] if len(value) < len(prefix) else items
            item = self.make(part, replace(spot, nth=tries) if unique else spot)
            tries += 1
            if not unique or item not in value:
                value.append(item)
            elif tries > 4 * length:
                raise NoValue("there are not enough different items")
        return value

    def _string(self, flat: Schema, nth: int) -> str:
        least, most = whole(flat, "minLength") or 0, whole(flat, "maxLength")
        if most is not None and least > most:
            raise NoValue("no text is that long and that short")
        self._spend(least)
        if isinstance(pattern := flat.get("pattern"), str):
            for length in (least + nth, least):
                if (found := patterns.sample(pattern, length, most)) is not None:
                    return found
        elif isinstance(form := flat.get("format"), str) and form in _FORMATS:
            return _FORMATS[form]
        # The number comes first, so that it survives a cut.
        text = f"{nth + 1} {_WORD}" if nth else _WORD
        return text.ljust(least, ".")[:most]

    def _spend(self, characters: int) -> None:
        self._left -= 1 + characters // 64
        if self._left < 0:
            raise _TooMuch("it asks for a value too large to make")
