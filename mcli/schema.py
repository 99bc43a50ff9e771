"""CORE: whether a value fits a JSON Schema; the only owner of jsonschema_rs.

A schema never makes us call anybody: a `$ref` to another document is an error, not a download. Nor
does it keep us busy: a few lines of references can ask for 2^n visits to the same place, so the
visits are counted before the validator, which cannot be interrupted, makes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn, cast
from urllib.parse import unquote

from mcli import fieldpath

MOST_VISITS = 20_000
MOST_PATTERNS = 1000
"""Regular expressions in one document; a large one counts as 20."""
_SMALL, _LARGE = 1 << 16, 1 << 20
"""Bytes of a compiled expression: a small one takes a third of a millisecond, a large one five."""
_LARGE_COUNTS = 20
_LONGEST_PATTERN = 10_000
"""Characters of an expression: reading one takes 200 times its length of memory."""
_LONGEST = 200
_IN_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else"})
"""Keywords whose schemas look at the same value again."""
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
"""Keywords whose schemas have names of their own."""
_ASIDE = frozenset({"$defs", "definitions", "enum", "const", "default", "examples"})
"""Keywords that are not followed from where they stand."""
_REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})


def complaint(value: Any, schema: Any) -> str:
    """What is wrong with `value`, or nothing. ValueError if `schema` is none (Draft 2020-12)."""
    found = next(_validator(schema).iter_errors(value), None)
    if found is None:
        return ""
    place = fieldpath.write(tuple(found.instance_path))
    message = found.message if len(found.message) <= _LONGEST else f"{found.message[:_LONGEST]}…"
    return message if place == "." else f"{place}: {message}"


def check(schema: Any) -> None:
    """Raise ValueError unless `schema` is a JSON Schema that can be checked in bounded time."""
    Checker().check(schema)


class Checker:
    """Checks the schemas of one document, which are bounded together."""

    def __init__(self) -> None:
        self._patterns = Patterns()
        self._visits = MOST_VISITS

    def check(self, schema: Any) -> None:
        """Raise ValueError unless it is a JSON Schema that can be checked in bounded time."""
        for pattern in _patterns(schema):
            self._patterns.take(pattern)  # what cannot be compiled, the validator says better
        try:
            self._visits -= _bounded(schema, self._visits)
        except RecursionError:
            pass  # told below
        _validator(schema)


class Patterns:
    """Counts regular expressions, since a few lines can ask for hours of compiling them."""

    def __init__(self) -> None:
        self._left = MOST_PATTERNS

    def take(self, pattern: str) -> bool:
        """Whether `pattern` is an expression and not too large. ValueError after too many."""
        if len(pattern) > _LONGEST_PATTERN:
            raise ValueError(f"a regular expression of {len(pattern):,} characters is too large")
        self._left -= 1
        if self._left >= 0 and _compiles(pattern, _SMALL):
            return True
        self._left -= _LARGE_COUNTS - 1
        if self._left < 0:
            raise ValueError("too many or too large regular expressions")
        return _compiles(pattern, _LARGE)


def _compiles(pattern: str, limit: int) -> bool:
    import jsonschema_rs

    options = jsonschema_rs.FancyRegexOptions(size_limit=limit)
    try:
        jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        return False
    return True


def _patterns(schema: Any) -> Iterator[str]:
    """The regular expressions anywhere in a schema."""
    below = [schema]
    while below:
        found = below.pop()
        if isinstance(found, list):
            below += cast("list[Any]", found)
        elif isinstance(found, dict):
            fields = cast("dict[str, Any]", found)
            named: Any = fields.get("patternProperties")
            names = cast("dict[str, Any]", named) if isinstance(named, dict) else {}
            told = (fields.get("pattern"), *names)
            yield from (pattern for pattern in told if isinstance(pattern, str))
            below += fields.values()


def _validator(schema: Any) -> Any:
    import jsonschema_rs  # 30 ms, for those who have a schema

    try:
        _bounded(schema)
        options = jsonschema_rs.FancyRegexOptions(size_limit=_LARGE)
        return jsonschema_rs.validator_for(schema, retriever=_refuse, pattern_options=options)
    except RecursionError:
        raise ValueError("not a JSON Schema that can be checked: nested too deep") from None
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise ValueError(f"not a JSON Schema: {str(error).splitlines()[0]}") from None


def _bounded(schema: Any, most: int = MOST_VISITS) -> int:
    """Count how often a value can be looked at: in all, and by a schema that contains itself."""
    again: Counter[tuple[str, int]] = Counter()
    visits = 0
    for visits, (place, target, inside) in enumerate(_visits(schema, schema, "", ())):
        again[place, id(target)] += inside
        if visits >= most or again[place, id(target)] > 1:
            raise ValueError("not a JSON Schema that can be checked: its references multiply")
    return visits + 1


def _visits(
    schema: Any, root: Any, place: str, above: tuple[int, ...]
) -> Iterator[tuple[str, Any, bool]]:
    """Every visit to a schema, with all references followed: the place in the value, the schema,
    and whether it is inside itself there (where it is not followed further)."""
    inside = id(schema) in above
    yield place, schema, inside
    if inside:
        return
    above = (*above, id(schema))
    for step, child in _parts(schema):
        if step in _REFERENCES and isinstance(child, str):
            yield from _visits(_target(child, root), root, place, above)
        elif isinstance(child, dict | list):
            yield from _visits(child, root, f"{place}/{step}" if step else place, above)


def _parts(schema: Any) -> Iterator[tuple[str, Any]]:
    """The schemas right below, each with the step to its place in the value ("": the same)."""
    if isinstance(schema, list):
        yield from (("", child) for child in cast("list[Any]", schema))
    for key, child in cast("dict[str, Any]", schema if isinstance(schema, dict) else {}).items():
        if key in _NAMED and isinstance(child, dict):
            apart = key != "dependentSchemas"
            named = cast("dict[str, Any]", child).items()
            yield from ((f"{key}/{name}" if apart else "", part) for name, part in named)
        elif key not in _ASIDE:
            yield "" if key in _IN_PLACE else key, child


def _target(reference: Any, root: Any) -> Any:
    """What a reference within the document points to (RFC 6901)."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        shown = " ".join(str(reference).split())[:_LONGEST]
        raise ValueError(f'"{shown}" is not fetched: a $ref begins with #/')
    found = root
    for step in reference.split("/")[1:]:
        step = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(step) if isinstance(found, list) else step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ValueError(f"not a JSON Schema: {reference} points nowhere") from None
    return found


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is not fetched")
