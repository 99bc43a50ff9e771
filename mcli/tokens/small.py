"""EDGE: the tokens of a small text, without a tokenizer: most that a script counts is a prompt.

To make a tokenizer of a vocabulary takes 60 to 250 ms, whatever it counts then. Here the vocabulary
stays in its file, a table in which a token is found by its checksum, and the few that a small text
asks for are looked up there. That is byte pair encoding as tiktoken has it: a text is split by the
encoding's pattern, and in each piece the neighbours of the lowest rank are merged until none are
left that make a token. The patterns know classes of characters that `re` does not, so one of each
class stands for all others when a text is split. Tests hold the counts equal to tiktoken's.

A table is: its number of slots, a power of two, and of tokens; the slots, each 0 or a rank and one;
where each token begins, and the last one ends, in bytes from the first; the tokens by rank. All
numbers have four bytes, the lowest first. `.ci/make-tables` writes them.
"""

from __future__ import annotations

import mmap
import re
import struct
import sys
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from zlib import crc32

from mcli.expressions import expression

MOST = 1 << 15
"""Characters: what takes a sixth of the time in which a tokenizer is loaded."""

_LONGEST = 256
"""Bytes of a piece: to merge takes time that grows with their square."""
_NONE = 1 << 32
"""Higher than any rank."""
DATA = Path(__file__).with_name("data")

_LETTER, _MARK = "\x01", "\x03"
"""What stands for a letter without a case, and for what is set on a letter."""
_STANDS = {
    "Lu": "A", "Lt": "A", "Ll": "a", "Lm": _LETTER, "Lo": _LETTER,
    "Mn": _MARK, "Mc": _MARK, "Me": _MARK, "Nd": "0", "Nl": "0", "No": "0",
}  # fmt: skip
"""What stands for a character beyond ASCII, by its category in Unicode; "!" for all others."""
_UNSURE = ("Cn", "Cs")
"""Not known to this Python, or half a character."""

_ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_O200K = expression(
    r"[^\r\nA-Za-z\x010-9]?[A-Z\x01\x03]*[a-z\x01\x03]+" + _ENDING
    + r"|[^\r\nA-Za-z\x010-9]?[A-Z\x01\x03]+[a-z\x01\x03]*" + _ENDING
    + r"|[0-9]{1,3}| ?[^\sA-Za-z\x010-9]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    re.ASCII,
)  # fmt: skip
_CL100K = expression(
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\nA-Za-z\x010-9]?+[A-Za-z\x01]++|[0-9]{1,3}+"
    r"| ?[^\sA-Za-z\x010-9]++[\r\n]*+|\s++\Z|\s*[\r\n]|\s+(?!\S)|\s",
    re.ASCII,
)
"""The patterns of `encodings.json`, for what stands there."""
_ENCODINGS = {
    "o200k_base": ("o200k_base", _O200K),
    "o200k_harmony": ("o200k_base", _O200K),
    "cl100k_base": ("cl100k_base", _CL100K),
}


def size(text: str, encoding: str) -> int | None:
    """How many tokens it has; None where that is for a tokenizer to say."""
    if encoding not in _ENCODINGS:
        return None
    name, pattern = _ENCODINGS[encoding]
    try:
        shape = text.translate(_classes())
        found = (text[slice(*each.span())].encode() for each in pattern.finditer(shape))
        pieces = Counter(found)
        table = table_of(name)
    except (OSError, ValueError, struct.error):
        return None
    if any(len(piece) > _LONGEST for piece in pieces):
        return None
    return sum(times * table.size(piece) for piece, times in pieces.items())


class _Classes(dict[int, str]):
    """What stands for each character. Raises ValueError for one of which that is not sure."""

    def __missing__(self, code: int) -> str:
        self[code] = found = self._of(chr(code))
        return found

    @staticmethod
    def _of(one: str) -> str:
        if one.isascii():
            return "!" if one in (_LETTER, _MARK) else one
        category = unicodedata.category(one)
        # Whether the long s is an s depends on who looks at no case.
        if category in _UNSURE or one == "\u017f":
            raise ValueError
        return "\v" if one.isspace() else _STANDS.get(category, "!")


@cache
def _classes() -> _Classes:
    return _Classes()


class Table:
    """A vocabulary in its file. Raises OSError, ValueError or struct.error for one that is none."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        slots, tokens = struct.unpack_from("<II", self._file)
        begins = 8 + 4 * slots
        self._tokens = begins + 4 * (tokens + 1)
        whole = sys.byteorder == "little" and slots > tokens and self._tokens < len(self._file)
        if not whole or slots & (slots - 1):
            raise ValueError
        self._slots = memoryview(self._file)[8:begins].cast("I")
        self._begins = memoryview(self._file)[begins : self._tokens].cast("I")
        self._mask = slots - 1
        if len(self._file) != self._tokens + self._begins[tokens]:
            raise ValueError

    def rank(self, token: bytes) -> int:
        """Its rank, or `_NONE` if it is no token."""
        place = crc32(token) & self._mask
        while found := self._slots[place]:
            begin, end = self._begins[found - 1], self._begins[found]
            if self._file[self._tokens + begin : self._tokens + end] == token:
                return found - 1
            place = (place + 1) & self._mask
        return _NONE

    def size(self, piece: bytes) -> int:
        """How many tokens a piece has."""
        if self.rank(piece) != _NONE:
            return 1
        parts = [piece[n : n + 1] for n in range(len(piece))]
        ranks = [self.rank(piece[n : n + 2]) for n in range(len(piece) - 1)]
        while ranks and (lowest := min(ranks)) != _NONE:
            n = ranks.index(lowest)
            parts[n : n + 2] = [parts[n] + parts[n + 1]]
            del ranks[n]
            for left in (n - 1, n):
                if 0 <= left < len(ranks):
                    ranks[left] = self.rank(parts[left] + parts[left + 1])
        return len(parts)


@cache
def table_of(name: str) -> Table:
    """The table of a vocabulary, opened once. Raises as `Table` does."""
    return Table(DATA / f"{name}.table")
