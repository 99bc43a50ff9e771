"""EDGE: the fields of a text, found where it says `name: value`, and null where it does not."""

from __future__ import annotations

from collections.abc import Iterable

from mcli.sandbox.choosing import listed


def wanted(system: str) -> list[str]:
    """The fields that a system message lists, none if it lists none.

    The form is the bundled extract recipe's: a line `Fields:`, then `- name` a line.
    """
    return listed(system, "Fields:")


def found(text: str, names: Iterable[str]) -> dict[str, str | None]:
    """What the first line `name: value` of `text` says of each name, whatever its case."""
    said: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and value.strip():
            said.setdefault(name.strip().casefold(), value.strip())
    return {name: said.get(name.casefold()) for name in names}
