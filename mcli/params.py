"""CORE: the request fields that have a flag, and how each is read from a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcli import strict
from mcli.strict import Node


def count(node: Node) -> int:
    """A whole number above 0."""
    value = strict.integer(node)
    if value <= 0:
        raise strict.complaint(node, f"{value} is not above 0")
    return value


def texts(node: Node) -> str | list[str]:
    """A text, or a list of texts."""
    words = strict.text_or_texts(node)
    return words if isinstance(words, str) else list(words)


READERS: dict[str, Callable[[Node], Any]] = {
    "temperature": strict.number,
    "max_tokens": count,
    "top_p": strict.number,
    "stop": texts,
    "seed": strict.integer,
}
"""Each field that has a flag; any other is taken as the document has it."""


def read(name: str, node: Node) -> Any:
    """The value of the request field `name`. ConfigFailure if it is of the wrong type."""
    return READERS.get(name, strict.anything)(node)
