"""CORE: a text taken apart where its sense allows, in parts that are not too large.

What is cut, and where, from the best place to the worst: between paragraphs (a heading stays with
what it is the heading of, a fence of code is one paragraph), behind a sentence, at a line's end,
between words, and at last between two characters as a person sees them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from mcli.expressions import expression

Size = Callable[[str], int]
"""How large a text is: tokens, or a bound of them. Hardly more for the whole than for its parts."""

_FENCE = expression(r" {0,3}(`{3,}|~{3,})")
_HEADING = expression(r" {0,3}#{1,6}(?=[ \t\r\n])")
_SENTENCE = expression(r"""(?:(?<!\d)[.!?…]+["'”’)\]]*(?:\s+|$)|[。！？｡]+["'”’」』）]*\s*)""")
_WORD = expression(r"\S+\s*|\s+")
_SPARE = 1.1
"""How much more than an even share a part may have, so that the last one is no crumb."""
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
_LONGEST_CHARACTER = 32
"""Code points that are kept together as one character; more than any script or emoji needs."""


def parts(text: str, limit: int, size: Size) -> list[str]:
    """`text` in pieces that joined are `text`, each of at most `limit`, and about equally large.

    A single character that is larger is a piece of its own: it is never cut. An empty text is one
    empty piece. Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError("a limit is at least 1")
    whole = size(text)
    if whole <= limit:
        return [text]
    count = -(-whole // limit)
    share = min(limit, int(whole / count * _SPARE) + 1)
    even = _Cutter(share, size).cut(text)
    return even if len(even) <= count or share == limit else _Cutter(limit, size).cut(text)


class _Cutter:
    """Fills part after part with the pieces of a text."""

    def __init__(self, limit: int, size: Size) -> None:
        self._limit = limit
        self._size = size
        self._done: list[str] = []
        self._open: list[str] = []
        self._held = 0

    def cut(self, text: str) -> list[str]:
        """`text` in parts that are within the limit."""
        self._fill(text, 0)
        while self._open:
            self._close()
        return self._done

    def _fill(self, text: str, level: int) -> None:
        """Add `text`, taken apart at `level` or, where a piece of it is too large, below."""
        for piece in _LEVELS[level](text):
            more = self._size(piece)
            while self._open and self._held + more > self._limit:
                self._close()
            if more <= self._limit:
                self._open.append(piece)
                self._held += more
            elif level + 1 < len(_LEVELS):
                self._fill(piece, level + 1)
            else:
                for few in self._characters(piece):
                    if self._open:
                        self._close()
                    self._open, self._held = [few], self._size(few)

    def _close(self) -> None:
        """End a part with what it can hold: what was counted apart may be more together."""
        count = len(self._open)
        while count > 1 and self._size("".join(self._open[:count])) > self._limit:
            count -= 1
        self._done.append("".join(self._open[:count]))
        self._open = self._open[count:]
        self._held = sum(map(self._size, self._open))

    def _characters(self, text: str) -> Iterator[str]:
        """`text`, which has no better place to cut, in pieces as large as may be."""
        start, step = 0, self._limit
        while start < len(text):
            end = self._end(text, start, step)
            yield text[start:end]
            step, start = max(end - start, 1), end

    def _end(self, text: str, start: int, step: int) -> int:
        """Where a piece from `start` on ends: the guess `step` characters on, mended in few steps
        by how large it turned out, until it fits and is not much less than could be."""
        low, high = _next(text, start), len(text) + 1  # the first is taken, whatever its size
        for _ in range(_TRIES):
            end = _seam(text, min(max(start + step, low), high - 1), start)
            if end <= low:
                return low
            held = self._size(text[start:end])
            if held <= self._limit:
                low = end
                if end == len(text) or held >= self._limit * 7 // 8:
                    return end
            else:
                high = end
            step = max((end - start) * self._limit // max(held, 1), 1)
            if start + step >= high:
                step = (low + high) // 2 - start
        return low


_TRIES = 24


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs with the blank lines behind them; a heading is part of the one that follows."""
    current: list[str] = []
    fence = ""
    blank = holds = False
    for line in text.splitlines(keepends=True):
        if fence:
            current.append(line)
            if _closes(line, fence):
                fence, blank = "", True
            continue
        opens = _FENCE.match(line)
        starts = bool(opens) or bool(_HEADING.match(line))
        if (blank or starts) and line.strip() and holds:
            yield "".join(current)
            current, holds = [], False
        current.append(line)
        blank = not line.strip()
        holds = holds or not (blank or _HEADING.match(line))
        if opens:
            fence = opens[1]
    if current:
        yield "".join(current)


def _closes(line: str, fence: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(fence) and set(bare) == {fence[0]}


def _sentences(text: str) -> Iterator[str]:
    if _FENCE.match(text):
        yield text  # code has lines, and a point in it ends no sentence
        return
    start = 0
    for found in _SENTENCE.finditer(text):
        yield text[start : found.end()]
        start = found.end()
    if start < len(text):
        yield text[start:]


def _lines(text: str) -> Iterator[str]:
    return iter(text.splitlines(keepends=True))


def _words(text: str) -> Iterator[str]:
    return iter(_WORD.findall(text))


_LEVELS: tuple[Callable[[str], Iterator[str]], ...] = (_paragraphs, _sentences, _lines, _words)


def _next(text: str, start: int) -> int:
    """The end of the character at `start`."""
    end = start + 1
    while end < min(len(text), start + _LONGEST_CHARACTER) and not between(text, end):
        end += 1
    return end


def _seam(text: str, end: int, start: int) -> int:
    """`end`, or the last place before it (behind `start`) that is between two characters."""
    for place in range(end, max(end - _LONGEST_CHARACTER, start), -1):
        if between(text, place):
            return place
    return end


def between(text: str, place: int) -> bool:
    """Whether a cut at `place` parts nothing that a person sees as one character."""
    if not 0 < place < len(text):
        return True
    before, behind = text[place - 1], text[place]
    return not (
        behind in _JOINERS
        or before == "\u200d"
        or "\U0001f3fb" <= behind <= "\U0001f3ff"
        or (before == "\r" and behind == "\n")
        or unicodedata.combining(behind) != 0
        or (_is_flag(behind) and _flags_before(text, place) % 2 == 1)
    )


def _flags_before(text: str, place: int) -> int:
    """How many letters of flags stand right before `place`: two make one."""
    first = place
    while place - first < _LONGEST_CHARACTER and first > 0 and _is_flag(text[first - 1]):
        first -= 1
    return place - first


def _is_flag(mark: str) -> bool:
    return "\U0001f1e6" <= mark <= "\U0001f1ff"
