"""CORE: how sure a model is of a label, by the log-probabilities of its tokens.

The walk begins at the token with which the label begins in the answer. With p(t) the probability of
a token that was likely there, and P that of all tokens of the label before it:

    mass(L)  = sum of P * p(t) over the tokens t that say L and no other label any more
    score(L) = mass(L) / sum of mass over all labels of the set
    confidence = score of the label that was read

A token that two labels could still begin with ("very" of `very good` and `very bad`) says neither:
if it is the one that the model chose, the walk goes on behind it; else its mass is shared among
them evenly, since nobody knows how it would have gone on. So the confidence is that in this label
against the others of the set; what the model would have said outside the set does not count. A
label of which no token was among the likeliest has no score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from mcli.chat import Completion, Token
from mcli.expressions import expression
from mcli.labels import AROUND, KEY, Label

_DIGITS = 6
_FIELD = expression(rf'"{KEY}"\s*:\s*"')
_WORD = expression(r"\w")


def scores(completion: Completion, labels: Sequence[Label], name: str) -> dict[str, float] | None:
    """The score of each label whose mass is known, where `name` is what was read; None where the
    tokens do not tell."""
    place = _place(completion, next(label for label in labels if label.name == name))
    if place is None:
        return None
    number, within = place
    walk = _Walk(labels)
    walk.go(completion.tokens[number:], within)
    total = sum(walk.mass.values())
    if not walk.mass.get(name) or total <= 0:
        return None
    return {label: round(mass / total, _DIGITS) for label, mass in walk.mass.items()}


def _place(completion: Completion, label: Label) -> tuple[int, int] | None:
    """The token in which the label begins, and how many characters stand before it there."""
    said = "".join(token.text for token in completion.tokens)
    begin = said.rfind(completion.text.strip())
    if not said or begin < 0:
        return None
    if field := _FIELD.search(said, begin):
        begin = field.end()
    found = [
        match.start()
        for word in label.spellings
        if (match := re.compile(_pattern(word), re.IGNORECASE).search(said, begin))
    ]
    if not found:
        return None
    left = min(found)
    for number, token in enumerate(completion.tokens):
        if left < len(token.text):
            return number, left
        left -= len(token.text)
    return None


def _pattern(word: str) -> str:
    return r"(?<!\w)" + r"\s+".join(map(re.escape, word.split())) + r"(?!\w)"


class _Walk:
    """The mass that the tokens give to each label."""

    def __init__(self, labels: Sequence[Label]) -> None:
        self.mass: dict[str, float] = {}
        self._words = [(_folded(word), label.name) for label in labels for word in label.spellings]
        begins = {word[0] for word, _ in self._words}
        self._lead = "".join(mark for mark in AROUND if mark not in begins)

    def go(self, tokens: Sequence[Token], within: int) -> None:
        """Walk along `tokens`, of which the first has `within` characters before the label."""
        said, reached = "", 1.0
        for token in tokens:
            own = said + token.text[within:] if said else token.text[within:].lstrip(self._lead)
            for text, logprob in _likely(token):
                if text != token.text:
                    other = said + text if said else text.lstrip(self._lead)
                    self._share(self._meant(other), reached * math.exp(logprob))
            said, within = own, 0
            reached *= math.exp(token.logprob)
            meant = self._meant(said)
            if len(meant) < 2:
                break
        else:
            whole = " ".join(said.casefold().split())
            meant = {name for word, name in self._words if word == whole} or self._meant(said)
        self._share(meant, reached)

    def _share(self, names: set[str], mass: float) -> None:
        for name in names:
            self.mass[name] = self.mass.get(name, 0.0) + mass / len(names)

    def _meant(self, said: str) -> set[str]:
        """The labels that `said` is or may become; none if it is nothing yet, or anything else."""
        told = _folded(said)
        if not told:
            return set()
        may = {name for word, name in self._words if word.startswith(told) and word != told}
        complete = [
            (len(word), name)
            for word, name in self._words
            if told.startswith(word) and not _WORD.match(told, len(word))
        ]
        if not complete or (may and max(complete)[0] < len(told)):
            return may
        return may | {max(complete)[1]}


def _likely(token: Token) -> tuple[tuple[str, float], ...]:
    """The tokens that were likely there, each once, and the chosen one with them."""
    return tuple({**dict(token.top), token.text: token.logprob}.items())


def _folded(word: str) -> str:
    """In one case, and with single blanks; a blank at the end is part of what was said."""
    return re.sub(r"\s+", " ", word.casefold())
