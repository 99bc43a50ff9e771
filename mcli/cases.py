"""CORE: the tests that a recipe brings along: what is put in, and what the answer must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcli.fieldpath import Path

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must hold of an answer; whatever is None or empty is not asked.

    `matches` are regular expressions found somewhere in the text; `get` are fields of the
    structured answer, with their values; `valid` of False wants an answer that cannot be used;
    `max_tokens` bounds the completion, as the server counted it.
    """

    equals: str | None = None
    contains: Words = ()
    not_contains: Words = ()
    starts_with: Words = ()
    ends_with: Words = ()
    matches: Words = ()
    label: str | None = None
    get: tuple[tuple[Path, Any], ...] = ()
    valid: bool | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its data or the file that holds them, its variables as a person would write them,
    and what is expected. `place` is where it stands."""

    name: str
    place: str
    data: str = ""
    data_file: str | None = None
    variables: Mapping[str, str | tuple[str, ...]] = field(
        default_factory=dict[str, "str | tuple[str, ...]"]
    )
    expected: Expected = Expected()
