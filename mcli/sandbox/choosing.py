"""EDGE: one label of a closed set, found by simple and stable means."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import takewhile

from mcli.labels import Label

_MOODS = {
    **dict.fromkeys(("positive", "pos", "good"), "good"),
    **dict.fromkeys(("negative", "neg", "bad"), "bad"),
    **dict.fromkeys(("neutral", "neu", "mixed"), "neutral"),
}

_GOOD = frozenset(
    {"amazing", "excellent", "good", "great", "happy", "helpful", "like", "love", "loved", "loves"}
    | {"nice", "perfect", "recommend", "thanks", "wonderful", "works"}
)
_BAD = frozenset(
    {"angry", "awful", "bad", "broke", "broken", "bug", "crash", "crashes", "error", "errors"}
    | {"fail", "failed", "fails", "hate", "horrible", "refund", "slow", "terrible", "worst"}
)

_EMPTY = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "i", "in", "is", "it", "my"}
    | {"not", "of", "on", "or", "s", "that", "the", "this", "to", "was", "we", "with", "you"}
)
"""Words of a description that say nothing about a text they occur in."""


SEVERAL = "every label of the list that fits"
"""What the bundled classify recipe's system message says where it wants several."""


def labels(system: str) -> tuple[Label, ...]:
    """The set that a system message lists, none if it lists none.

    The form is the bundled classify recipe's: a line `Labels:`, then `- name` or
    `- name: description` a line, up to the first line that is neither.
    """
    parts = (line.partition(": ") for line in listed(system, "Labels:"))
    found = (Label(name.strip(), description.strip()) for name, _, description in parts)
    return tuple(label for label in found if label.name)


def listed(system: str, heading: str) -> list[str]:
    """The items of the list, a line `- ITEM` each, below a line that is `heading`."""
    lines = (line.strip() for line in system.splitlines())
    if not any(line == heading for line in lines):
        return []
    items = takewhile(lambda line: line.startswith("- "), lines)
    return [item for line in items if (item := line[2:].strip())]


def choose(text: str, choices: Sequence[Label]) -> str:
    """The name of the label that `text` mentions, else one by its mood, else one by its hash."""
    said = _words(text)
    best = max(choices, key=lambda label: _mentions(label, said))
    if _mentions(best, said):
        return best.name
    mood = _mood(said)
    by_mood = {_MOODS.get(label.name.casefold()): label.name for label in choices}
    if {"good", "bad"} <= by_mood.keys() and mood in by_mood:
        return by_mood[mood]
    return choices[int(hashlib.sha256(text.encode()).hexdigest(), 16) % len(choices)].name


def choose_several(text: str, choices: Sequence[Label]) -> list[str]:
    """The names of the labels that `text` mentions, in their order; else the one of `choose`."""
    said = _words(text)
    found = [label.name for label in choices if _mentions(label, said)]
    return found or [choose(text, choices)]


def mentioned(text: str, names: Sequence[str]) -> str | None:
    """The first of `names` that `text` mentions as a whole word, or None."""
    said = _words(text)
    return next((name for name in names if _mentions(Label(name), said)), None)


def _mentions(label: Label, said: Sequence[str]) -> int:
    """How much of a label occurs in a text: its name counts above any word of its meaning."""
    heard = set(said)
    hints = set(_words(label.description)) - _EMPTY
    name = " ".join(_words(label.name))
    named = bool(name) and f" {name} " in f" {' '.join(said)} "
    return named * 1000 + len(hints & heard)


def _mood(said: Sequence[str]) -> str:
    balance = sum((word in _GOOD) - (word in _BAD) for word in said)
    return "good" if balance > 0 else "bad" if balance < 0 else "neutral"


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
