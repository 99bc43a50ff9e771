"""CORE: reading a tree of mappings, lists and text strictly, with the place of every complaint.

A document is read by who knows what is meant: an unquoted scalar stays text until a reader asks
for a number, so `no`, `1:30` and `2024-01-01` are text where text is meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mcli.errors import ConfigFailure
from mcli.expressions import expression
from mcli.shapes import frozen

T = TypeVar("T")
D = TypeVar("D")
P = TypeVar("P")

_INTEGER = expression(r"[-+]?[0-9]+")
_NUMBER = expression(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}
LARGEST = 1 << 20
"""Bytes of a recipe or configuration file."""
MOST_COMPLAINTS = 100
_MOST_KNOWN = 1000
"""Words among which a near one is looked for."""
_LONGEST_NUMBER = 40
"""Digits of a number; Python refuses to read more than 4,300, and nobody means more than this."""


@frozen
class Node:
    """A piece of a document: a dict of nodes, a list of nodes or text, and where it stands.

    `plain` tells unquoted text, the only one that may be read as a number, boolean or null.
    """

    value: dict[str, Node] | list[Node] | str
    place: str
    plain: bool = False


def complaint(node: Node, message: str, hint: str = "") -> ConfigFailure:
    """The failure that says what is wrong with `node`, and where."""
    return ConfigFailure("bad_document", f"{node.place}: {message}", hint)


class Complaints:
    """What is wrong with a document: the first complaint ends the reading, unless they are kept.

    A reader hands each part that can be read on its own to `spare`, so that a mistake in one does
    not hide the mistakes in another.
    """

    def __init__(self, keep: bool = False) -> None:
        self._keep = keep
        self.kept: list[ConfigFailure] = []

    @property
    def full(self) -> bool:
        """Whether no more are kept: who reads a hundred mistakes corrects them first."""
        return len(self.kept) >= MOST_COMPLAINTS

    def add(self, failure: ConfigFailure) -> None:
        """Raise `failure`, or keep it."""
        if not self._keep or self.full:
            raise failure
        self.kept.append(failure)

    def spare(self, read: Callable[[], T], otherwise: D) -> T | D:
        """What `read` gives; `otherwise` where it complains and complaints are kept."""
        try:
            return read()
        except ConfigFailure as failure:
            self.add(failure)
            return otherwise

    def each(self, parts: Iterable[P], read: Callable[[P], T]) -> list[T]:
        """What `read` makes of each part, without those that it complains of."""
        found: list[T] = []
        for part in parts:
            try:
                found.append(read(part))
            except ConfigFailure as failure:
                self.add(failure)
        return found


STRICT = Complaints()
"""The first complaint is raised."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "…"?` if a known word is near, else the known words."""
    import difflib  # which only the wrong word needs

    known = sorted(known)
    if len(known) > _MOST_KNOWN:
        return ""
    near = difflib.get_close_matches(word, known, n=1)
    if not near and len(word) > 2:
        near = [each for each in known if each.startswith(word)][:1]
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known: {', '.join(known)}" if known else ""


def mapping(
    node: Node, known: Iterable[str] | None = None, complaints: Complaints = STRICT
) -> dict[str, Node]:
    """The mapping in `node`; with `known`, any other key is an error."""
    if node.plain and node.value in _NULLS:
        return {}  # a key whose entries are all commented out
    if not isinstance(node.value, dict):
        raise complaint(node, f"expected a mapping, found {_kind(node)}")
    if known is not None:
        allowed = set(known)
        for key, child in node.value.items():
            if key not in allowed:
                hint = did_you_mean(key, allowed)
                complaints.add(complaint(child, f'unknown key "{key}"', hint))
    return node.value


def items(node: Node, most: int | None = None) -> list[Node]:
    """The list in `node`, of at most so many items."""
    if not isinstance(node.value, list):
        raise complaint(node, f"expected a list, found {_kind(node)}")
    if most is not None and len(node.value) > most:
        raise complaint(node, f"{len(node.value):,} items, of {most:,} that are allowed")
    return node.value


def text(node: Node) -> str:
    """The text in `node`, as it was written."""
    if not isinstance(node.value, str):
        raise complaint(node, f"expected text, found {_kind(node)}")
    return node.value


def parsed(node: Node, parse: Callable[[str], T]) -> T:
    """What `parse` makes of the text in `node`; a ValueError of it is a complaint."""
    try:
        return parse(text(node))
    except ValueError as error:
        raise complaint(node, str(error)) from None


def text_or_texts(node: Node) -> str | tuple[str, ...]:
    """The text in `node`, or a list of texts."""
    if isinstance(node.value, list):
        return tuple(text(child) for child in node.value)
    return text(node)


def integer(node: Node) -> int:
    """The whole number in `node`."""
    word = text(node)
    if not (node.plain and len(word) <= _LONGEST_NUMBER and _INTEGER.fullmatch(word)):
        raise complaint(node, f'expected a whole number, found "{word[:40]}"')
    return int(word)


def whole(node: Node, most: int) -> int:
    """The whole number in `node`, from 0 to `most`."""
    value = integer(node)
    if not 0 <= value <= most:
        raise complaint(node, f"{value} is not from 0 to {most}")
    return value


def number(node: Node) -> float | int:
    """The number in `node`, finite."""
    word = text(node)
    if not (node.plain and len(word) <= _LONGEST_NUMBER and _NUMBER.fullmatch(word)):
        raise complaint(node, f'expected a number, found "{word[:40]}"')
    if _INTEGER.fullmatch(word):
        return int(word)
    value = float(word)
    if value in (float("inf"), float("-inf")):
        raise complaint(node, f'expected a finite number, found "{word}"')
    return value


def boolean(node: Node) -> bool:
    """`true` or `false` in `node`."""
    word = text(node)
    if not (node.plain and word in _BOOLEANS):
        raise complaint(node, f'expected true or false, found "{word[:40]}"')
    return _BOOLEANS[word]


def choice(node: Node, known: Iterable[str]) -> str:
    """One of the `known` words in `node`."""
    word = text(node)
    if word not in set(known):
        raise complaint(node, f'unknown value "{word[:40]}"', did_you_mean(word, known))
    return word


def optional(fields: dict[str, Node], key: str, read: Callable[[Node], T], default: T) -> T:
    """What `read` makes of the field `key`, or `default` if it is absent."""
    return read(fields[key]) if key in fields else default


def anything(node: Node) -> Any:
    """`node` as JSON would have it: YAML 1.2's core types, numbers and words unquoted."""
    if isinstance(node.value, dict):
        return {key: anything(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [anything(child) for child in node.value]
    if not node.plain:
        return node.value
    if node.value in _NULLS:
        return None
    if node.value in _BOOLEANS:
        return _BOOLEANS[node.value]
    return number(node) if _NUMBER.fullmatch(node.value) else node.value


def text_or_json(node: Node) -> str:
    """The text in `node` as it was written, or what else it holds as JSON."""
    if isinstance(node.value, str):
        return node.value
    return json.dumps(anything(node), ensure_ascii=False)


def json_or_text(word: str) -> Any:
    """`word` as JSON if it is strict JSON, else itself (`reasoning_effort=low`, `top_k=40`)."""
    try:
        return json.loads(word, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return word


def is_finite(value: Any) -> bool:
    """Whether JSON can say `value`: it has a word for no infinity."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _kind(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    return "a list" if isinstance(node.value, list) else "text"
