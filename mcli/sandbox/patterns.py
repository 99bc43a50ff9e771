"""EDGE: a text that matches a regular expression, for the expressions that schemas use."""

from __future__ import annotations

import re

_LONGEST = 10_000
"""Characters of a sample, and times that anything is repeated."""

_MOST_EXTRA = 1000
"""How much longer than it must be an open-ended repetition is made."""

_LETTERS = "aA0 _-./:@" + "".join(map(chr, range(33, 127))) + "\t\né日"
"""What a class or an escape is tried with, the likeliest first."""


def sample(pattern: str, shortest: int, longest: int | None) -> str | None:
    """A text of `shortest` to `longest` characters in which `pattern` is found, or None.

    Best effort: back references, look-arounds and the like are passed over, and what comes out
    is checked with `re`, whose language is close to the ECMAScript one that schemas mean.
    """
    for extra in range(min(shortest, _MOST_EXTRA) + 1):
        try:
            text = _Sampler(pattern, extra).whole()
            text = text if pattern.startswith("^") else text.ljust(shortest, "x")
            if len(text) >= shortest and re.search(pattern, text):
                return text if longest is None or len(text) <= longest else None
        except (re.error, RecursionError, _Unknown):
            return None
    return None


class _Unknown(Exception):
    """The pattern has something that the sampler does not read."""


class _Sampler:
    """One walk over a pattern that reads it and writes a text for it at the same time.

    Where a repetition is open-ended, it is repeated `extra` times more than it must be.
    """

    def __init__(self, pattern: str, extra: int) -> None:
        self._pattern = pattern
        self._extra = extra
        self._at = 0

    def whole(self) -> str:
        text = self._alternatives()
        if self._at < len(self._pattern):
            raise _Unknown
        return text

    def _alternatives(self) -> str:
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            self._sequence()
        return first

    def _sequence(self) -> str:
        text = ""
        while self._peek() not in ("", "|", ")"):
            text += self._atom() * self._times()
            if len(text) > _LONGEST:
                raise _Unknown
        return text

    def _atom(self) -> str:
        start = self._at
        self._at += 1
        match self._pattern[start]:
            case "^" | "$":
                return ""
            case "(":
                return self._group()
            case "[":
                return self._any_of(self._class())
            case "\\":
                return self._escape()
            case ".":
                return "a"
            case "*" | "+" | "?":
                raise _Unknown
            case letter:
                return letter

    def _group(self) -> str:
        head = re.compile(r"\?(?::|[=!]|<[=!]|P?<\w+>)").match(self._pattern, self._at)
        self._at = head.end() if head else self._at
        text = self._alternatives()
        if self._peek() != ")":
            raise _Unknown
        self._at += 1
        looks = head is not None and head[0][-1] in "=!"
        return "" if looks else text

    def _class(self) -> str:
        start = self._at - 1
        body = re.compile(r"\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL).match(self._pattern, self._at)
        # `re` warns on stderr of what may one day be a set operation; better not to know.
        if not body or re.search(r"(?<!\\)\[|--|&&|~~|\|\|", body[0]):
            raise _Unknown
        self._at = body.end()
        return self._pattern[start : self._at]

    def _escape(self) -> str:
        long = re.compile(r"x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.", re.DOTALL)
        body = long.match(self._pattern, self._at)
        if not body:
            raise _Unknown
        self._at = body.end()
        return "" if body[0] in "bBAZ" else self._any_of("\\" + body[0])

    def _any_of(self, kind: str) -> str:
        compiled = re.compile(kind)
        # A literal far from the usual letters is written as itself.
        for letter in (*_LETTERS, *kind):
            if compiled.fullmatch(letter):
                return letter
        raise _Unknown

    def _times(self) -> int:
        count = re.compile(r"(?:([*+?])|\{(\d+)(,?)(\d*)\})[?+]?").match(self._pattern, self._at)
        if not count:
            return 1
        self._at = count.end()
        sign, least, comma, most = count.groups()
        low = {"*": 0, "+": 1, "?": 0}.get(sign) if sign else int(least)
        high = 1 if sign == "?" else None if sign else int(most) if most else None
        if low is None or low > _LONGEST:
            raise _Unknown
        if sign or comma:
            return low + self._extra if high is None else min(low + self._extra, high)
        return low

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]
