"""CORE: `{{name}}` in a text, replaced once: all that a `.prompt.yml` has for a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mcli.expressions import expression

DATA = "input"
"""The name that is the data."""

_PLACE = expression(r"\{\{[ \t]*([A-Za-z_][\w.-]*)[ \t]*\}\}")


def names(source: str) -> frozenset[str]:
    """The names that stand in `source`."""
    return frozenset(found[1] for found in _PLACE.finditer(source))


def fill(source: str, values: Mapping[str, Any], longest: int) -> str:
    """`source` with `values` in their places; a name that has no value stays as it stands.

    ValueError where that comes to more than `longest` characters beside the source's own.
    """
    left = longest

    def value(found: re.Match[str]) -> str:
        nonlocal left
        told = values.get(found[1])
        text = found[0] if told is None else str(told)
        left -= len(text)
        if left < 0:
            raise ValueError("what is put in is repeated too often")
        return text

    return _PLACE.sub(value, source)
