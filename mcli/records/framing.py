"""CORE: bytes in any pieces to what ends at a line feed, a NUL, or a line feed outside quotes.

Nothing is held but the record that has begun, and no more of it than it may be long: of a longer
one only its end is looked for. Each byte is looked at a bounded number of times, however it comes.
"""

from __future__ import annotations

import re
from typing import Protocol

from mcli.errors import BadInput
from mcli.record import Record
from mcli.shapes import frozen

BOM = b"\xef\xbb\xbf"
_SLACK = len(BOM) + len(b"\r")
"""What may stand beside a record that is just short enough."""


@frozen
class Rules:
    """How bytes become records: `invalid` is `strict` or `replace`, `most` the bytes of one record
    or None, `zero` whether a NUL ends it, and `delimiter` what stands between cells."""

    invalid: str = "strict"
    most: int | None = 16 << 20
    zero: bool = False
    delimiter: str = ","


@frozen
class Origin:
    """Where an input stands among several: its name ("" for stdin), and the number of its first
    record."""

    name: str = ""
    first: int = 1

    def prefix(self, unit: str = "line") -> str:
        """What stands before a line's number, for a person."""
        return f"{self.name}:" if self.name else f"{unit} "


class Parser(Protocol):
    """Feed it bytes as they come, however they are cut; it gives the records they complete."""

    def feed(self, piece: bytes) -> list[Record]:
        """The records that `piece` completes."""
        ...

    def close(self) -> list[Record]:
        """The records that the end of the input completes."""
        ...


class Splitter:
    """Pieces of bytes to what stands between ends; None for what is longer than `most`."""

    def __init__(self, end: bytes, most: int | None) -> None:
        self._end = end
        self._held = _Held(most)
        self._most = most

    def feed(self, piece: bytes) -> list[bytes | None]:
        """What `piece` completes, without the end of each."""
        found: list[bytes | None] = list(piece.split(self._end))
        rest = found.pop() or b""
        if found and self._held.begun:
            self._held.add(found[0] or b"")
            found[0] = self._held.taken()
        if self._most is not None and len(piece) > self._most:
            found = [None if raw is None or len(raw) > self._most else raw for raw in found]
        self._held.add(rest)
        return found

    def close(self) -> list[bytes | None]:
        """What stands behind the last end, if anything does."""
        return [self._held.taken()] if self._held.begun else []


class QuotedSplitter:
    """Pieces of CSV to records: a line feed inside quotes is part of a cell.

    Quotes count as in Python's csv, where a cell is quoted if it begins with one. What is given is
    the record, None where it is longer than `most`, and how many line feeds stand in it.
    """

    def __init__(self, delimiter: str, most: int | None) -> None:
        self._delimiter = delimiter.encode()
        self._next = re.compile(rb'\n|%s(?="|\Z)' % re.escape(self._delimiter))
        self._state = _AT_CELL
        self._held = _Held(most)
        self._breaks = 0
        self._found: list[tuple[bytes | None, int]] = []

    def feed(self, piece: bytes) -> list[tuple[bytes | None, int]]:
        """What `piece` completes, without the line feed at its end."""
        at = start = 0
        while at < len(piece):
            ended, at = self._step(piece, at)
            if ended:
                self._hold(piece[start : at - 1])
                self._found.append((self._held.taken(), self._breaks))
                self._breaks, start = 0, at
        self._hold(piece[start:])
        found, self._found = self._found, []
        return found

    def close(self) -> list[tuple[bytes | None, int]]:
        """What stands behind the last line feed, if anything does."""
        return [(self._held.taken(), self._breaks)] if self._held.begun else []

    def _hold(self, part: bytes) -> None:
        self._breaks += part.count(b"\n")
        self._held.add(part)

    def _step(self, piece: bytes, at: int) -> tuple[bool, int]:
        """Go on to the next place that matters: whether a record ends just before it, and where."""
        if self._state == _QUOTED:
            quote = piece.find(b'"', at)
            self._state = _QUOTED if quote < 0 else _AFTER_QUOTE
            return False, len(piece) if quote < 0 else quote + 1
        if self._state != _PLAIN and piece[at] == _QUOTE:
            self._state = _QUOTED  # it opens a cell, or is the second of two
            return False, at + 1
        found = self._next.search(piece, at)
        self._state = _AT_CELL if found else _PLAIN
        if found is None:
            return False, len(piece)
        return found[0] == b"\n", found.end()


_QUOTE = ord('"')
_AT_CELL, _PLAIN, _QUOTED, _AFTER_QUOTE = range(4)


class _Held:
    """The part of a record that has come, unless it is too long already."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._part = bytearray()
        self._lost = False

    @property
    def begun(self) -> bool:
        return bool(self._part) or self._lost

    def add(self, part: bytes) -> None:
        if self._lost:
            return
        if self._most is not None and len(self._part) + len(part) > self._most:
            self._lost = True
            self._part = bytearray()
        else:
            self._part += part

    def taken(self) -> bytes | None:
        found = None if self._lost else bytes(self._part)
        self._lost = False
        self._part.clear()
        return found


def most_raw(rules: Rules) -> int | None:
    """How many bytes are held of a record before it is told from what is around it."""
    return None if rules.most is None else rules.most + _SLACK


def bare(raw: bytes | None, first: bool, zero: bool = False) -> bytes | None:
    """The record without what is around it: a byte-order mark if it is the first, a CR at its end
    unless a NUL ended it."""
    if raw is None:
        return None
    if first:
        raw = raw.removeprefix(BOM)
    return raw if zero else raw.removesuffix(b"\r")


def decoded(raw: bytes | None, place: str, rules: Rules) -> str:
    """The text of a record. Raises BadInput that says why it has none, with the byte from 0."""
    if raw is None or (rules.most is not None and len(raw) > rules.most):
        message = f"{place}: more than {rules.most:,} bytes"
        raise BadInput("too_much_input", message, "see --max-input")
    if 0 in raw:
        message = f"{place}: binary data (NUL at byte {raw.index(0)})"
        raise BadInput("binary_input", message, "send text; UTF-16 is converted with iconv")
    try:
        return raw.decode("utf-8", rules.invalid)
    except UnicodeDecodeError as error:
        raise BadInput(
            "bad_encoding",
            f"{place}: not UTF-8 at byte {error.start}",
            "convert it with iconv, or take it with --invalid replace",
        ) from None
