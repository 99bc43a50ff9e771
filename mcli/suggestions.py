"""CORE: what a shell may offer at a Tab: a word, and what it means, both harmless as they stand."""

from __future__ import annotations

from mcli.expressions import expression
from mcli.shapes import frozen

LONGEST = 72
"""Characters of what is told of a word: what fits beside it on a line."""

# What no shell reads as anything but itself, whether it is quoted or not; a colon is in many names
# of models, and an equals sign joins an input and its value.
_PLAIN = expression(r"(?!-)[\w.:/@+-]{1,200}(?:=[\w.:/@+-]{0,200})?")


@frozen
class Suggestion:
    """A word for the command line and what it means, or nothing."""

    word: str
    told: str = ""

    def line(self) -> str:
        """The line by which a shell is told; nothing for a word that a shell could take for more
        than a word. Such a name works all the same where a person writes it."""
        if not _PLAIN.fullmatch(self.word) or not self.word.isprintable():
            return ""
        return f"{self.word}\t{shown(self.told)}\n"


def shown(text: str) -> str:
    """A text on one line that drives no terminal and is short enough for a list."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text[: 10 * LONGEST])
    line = " ".join(plain.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"
