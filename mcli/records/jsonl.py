"""CORE: JSON Lines: an object is a row whose members are fields, a text is data.

Each value is read strictly, since nobody sees what was meant by the second of two equal names, or
by NaN. The row stays as it was written, so that it can be printed again with nothing changed.
"""

from __future__ import annotations

import json
from json import JSONDecodeError
from typing import Any, NoReturn, cast

from mcli import messages
from mcli.errors import BadInput
from mcli.expressions import expression
from mcli.record import Record
from mcli.records import framing
from mcli.records.framing import Origin, Rules, Splitter

DEEPEST = 100
"""Levels of a value; what reads it later goes down step by step."""
_BRACKET = expression(r'"(?:[^"\\]|\\.)*+"?|[\[{]+|[\]}]+')
_SPACE = " \t\r"


class Number(float):
    """A number with a fraction or exponent, and how it was written: `1.10` is a price."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Number:
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __str__(self) -> str:
        return self.text


class JsonLines:
    """A value a line. A blank line is none, but counts as a line."""

    def __init__(self, rules: Rules, origin: Origin) -> None:
        self._rules = rules
        self._split = Splitter(b"\n", framing.most_raw(rules))
        self._prefix = origin.prefix()
        self._line = 0
        self._n = origin.first - 1

    def feed(self, piece: bytes) -> list[Record]:
        """The records that `piece` completes."""
        return self._records(self._split.feed(piece))

    def close(self) -> list[Record]:
        """The last line, if no line feed stands behind it."""
        return self._records(self._split.close())

    def _records(self, lines: list[bytes | None]) -> list[Record]:
        found: list[Record] = []
        for each in lines:
            self._line += 1
            raw = framing.bare(each, self._line == 1)
            if raw is not None and not raw.strip():
                continue
            self._n += 1
            place = f"{self._prefix}{self._line}"
            try:
                text = framing.decoded(raw, place, self._rules)
                found.append(self.made(self._n, place, text))
            except BadInput as failure:
                found.append(Record(self._n, place, failure=failure))
        return found

    def made(self, n: int, place: str, text: str) -> Record:
        """The record that a line is. Raises BadInput."""
        value = value_of(text, place)
        if isinstance(value, str):
            return Record(n, place, value)
        if not isinstance(value, dict):
            raise BadInput("bad_record", f"{place}: column 1: neither an object nor a text")
        fields = cast("dict[str, Any]", value)
        return Record(n, place, None, fields, text.strip(_SPACE), name_of(fields.get("id")))


def value_of(text: str, place: str, decoder: json.JSONDecoder | None = None) -> Any:
    """The JSON value of a line. Raises BadInput with the column, from 1, or what is wrong."""
    try:
        if text.count("{") + text.count("[") > DEEPEST:
            _refuse_depth(text)
        value = (decoder or _WRITTEN).decode(text)
        if "\\ud" in text or "\\uD" in text:
            messages.sayable(value)
    except JSONDecodeError as error:
        message = f"{place}: column {error.colno}: not JSON: {_lower(error.msg)}"
    except ValueError as error:
        long = str(error).startswith("Exceeds the limit")  # Python's own on the digits of a number
        message = f"{place}: {'a number has too many digits' if long else error}"
    else:
        return value
    raise BadInput("bad_record", message, "the other records are not affected")


def name_of(value: Any) -> str | None:
    """What the input calls a record: a text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def variable(value: Any) -> str | tuple[str, ...] | None:
    """A field as a variable of a recipe takes it: a text as it is, texts in a list as items, and
    anything else as it stands in JSON. None for null, which says that there is no value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        items = cast("list[Any]", value)
        if all(isinstance(item, str) for item in items):
            return tuple(items)
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f'the name "{twice[:80]}" stands twice in an object')
    return found


def _number(text: str) -> Number | str:
    """The number; one that is too large for a float is its text, which JSON can say again."""
    found = Number(text)
    return text if abs(found) == float("inf") else found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _refuse_depth(text: str) -> None:
    deep = 0
    for found in _BRACKET.finditer(text):
        kind = found[0][0]
        if kind in "[{":
            deep += len(found[0])
        elif kind in "]}":
            deep -= len(found[0])
        if deep > DEEPEST:
            raise ValueError(f"column {found.end()}: nested deeper than {DEEPEST} levels")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


_WRITTEN = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_refuse)
FINITE = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse)
"""Reads numbers as numbers; one that is too large is infinite."""
