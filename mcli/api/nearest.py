"""EDGE (pure): of the requests that were recorded, the one most like another, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mcli.api import recording
from mcli.api.recording import Entry
from mcli.shapes import frozen

_SHOWN = 2
"""Differences that are told; the others are counted."""

_EXCERPT = 40
"""Characters of each text from where it differs."""

_ABSENT = object()


@frozen
class _Difference:
    """A field that the two requests do not have alike; `likeness` is from 0 to 1."""

    path: str
    words: str
    likeness: float = 0.0


def differences(asked: Mapping[str, Any], entries: Sequence[Entry]) -> tuple[Entry, str]:
    """The nearest of `entries`, the first of several, and in words what differs from it."""
    compared = [list(_compare("", entry.request, asked)) for entry in entries]
    nearest = min(range(len(compared)), key=lambda place: _distance(compared[place]))
    # Another model explains more than a text that differs.
    told = sorted(compared[nearest], key=lambda found: found.path.startswith("body.messages"))
    words = "; ".join(f"{_named(found.path)} {found.words}" for found in told[:_SHOWN])
    more = len(told) - _SHOWN
    return entries[nearest], f"{words}; and {more} more" if more > 0 else words


def _distance(found: list[_Difference]) -> float:
    return sum(1.0 - 0.9 * difference.likeness for difference in found)


def _compare(path: str, recorded: Any, asked: Any) -> Iterator[_Difference]:
    """Each field below `path` that differs, in a stable order."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        one, other = cast("dict[str, Any]", recorded), cast("dict[str, Any]", asked)
        for name in sorted({*one, *other}):
            inner = f"{path}.{name}" if path else name
            yield from _compare(inner, one.get(name, _ABSENT), other.get(name, _ABSENT))
    elif isinstance(recorded, list) and isinstance(asked, list):
        several, others = cast("list[Any]", recorded), cast("list[Any]", asked)
        if len(several) != len(others):
            words = f"of {len(several)} entries has now {len(others)}"
            yield _Difference(path, words)
        for place, (first, second) in enumerate(zip(several, others, strict=False)):
            yield from _compare(f"{path}[{place}]", first, second)
    elif isinstance(recorded, str) and isinstance(asked, str):
        if recorded != asked:
            yield _texts(path, recorded, asked)
    elif recorded is _ABSENT or asked is _ABSENT or recorded != asked:
        yield _Difference(path, f"{_word(recorded)} is now {_word(asked)}")


def _texts(path: str, recorded: str, asked: str) -> _Difference:
    start = _alike(recorded, asked)
    end = _alike(recorded[start:][::-1], asked[start:][::-1])
    longer = max(len(recorded), len(asked))
    likeness = (start + end) / longer
    if longer <= _EXCERPT:
        return _Difference(path, f"{_word(recorded)} is now {_word(asked)}", likeness)
    told = f"{_word(recorded[start:])} is now {_word(asked[start:])}"
    return _Difference(path, f"from character {start} {told}", likeness)


def _alike(one: str, other: str) -> int:
    """How many characters both begin with; by halves, as a text may be megabytes."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _named(path: str) -> str:
    return path.removeprefix("body.")


def _word(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    told = recording.canonical(value)
    if len(told) <= _EXCERPT + 2:
        return told
    return f"{told[:_EXCERPT]}…" + ('"' if isinstance(value, str) else "")
