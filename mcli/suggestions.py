"""CORE: what a shell may offer at a Tab: a word, and what it means, both harmless as they stand.

A shell that asks waits for this, so nothing is loaded here, not even for a regular expression.
"""

from __future__ import annotations

LONGEST = 72
"""Characters of what is told of a word: what fits beside it on a line."""

# What no shell reads as anything but itself, beside letters and digits, whether it is quoted or
# not; a colon is in many names of models, and an equals sign joins an input and its value.
_PLAIN = frozenset("_.:/@+-")
_LONGEST_PART = 200


class Suggestion:
    """A word for the command line and what it means, or nothing."""

    __slots__ = ("told", "word")

    def __init__(self, word: str, told: str = "") -> None:
        self.word = word
        self.told = told

    def line(self) -> str:
        """The line by which a shell is told; nothing for a word that a shell could take for more
        than a word. Such a name works all the same where a person writes it."""
        name, _, value = self.word.partition("=")
        if not name or name.startswith("-") or not _is_plain(name) or not _is_plain(value):
            return ""
        return f"{self.word}\t{shown(self.told)}\n"


def _is_plain(part: str) -> bool:
    return (
        len(part) <= _LONGEST_PART
        and part.isprintable()
        and all(mark.isalnum() or mark in _PLAIN for mark in part)
    )


def shown(text: str) -> str:
    """A text on one line that drives no terminal and is short enough for a list."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text[: 10 * LONGEST])
    line = " ".join(plain.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"
