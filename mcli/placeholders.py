"""CORE: `{{name}}` in a text, replaced once: all that a `.prompt.yml` has for a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

DATA = "input"
"""The name that is the data."""

_PLACE = re.compile(r"\{\{[ \t]*([A-Za-z_][\w.-]*)[ \t]*\}\}")


def names(source: str) -> frozenset[str]:
    """The names that stand in `source`."""
    return frozenset(found[1] for found in _PLACE.finditer(source))


def fill(source: str, values: Mapping[str, Any]) -> str:
    """`source` with `values` in their places; a name that has no value stays as it stands."""

    def value(found: re.Match[str]) -> str:
        told = values.get(found[1])
        return found[0] if told is None else str(told)

    return _PLACE.sub(value, source)
