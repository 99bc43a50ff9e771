"""CORE: any bytes are the lines of a journal, or a complaint that says which of them is none.

What a killed process, a full disk or a power cut leaves at the end is the beginning of a line,
perhaps with the zeros of a block that never reached the disk. It is left where it stands, and the
next run writes behind it the line `torn`, which says from which byte on there is nothing to read.
Anything else that is no line is damage: what was paid for may be lost there, so nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcli import journal_line
from mcli.shapes import frozen

_ENOUGH = 64
"""Bytes that show whether a line is one of ours."""


@frozen
class Line:
    """What a line says, and at which byte it begins."""

    at: int
    fields: dict[str, Any]


@frozen
class _Torn:
    """The first line that cannot be read: its byte, its number from 1, and what is wrong."""

    at: int
    number: int
    why: str


class Scan:
    """Lines from a file's bytes, which come in pieces.

    `header` is the first line's fields, None before it came; a file without one is a new journal.
    After `close`, `joint` is what has to be written before the next line.
    """

    def __init__(self) -> None:
        self.header: dict[str, Any] | None = None
        self.joint = b""
        self._torn: _Torn | None = None
        self._held: list[bytes] = []
        self._length = 0
        self._at = 0
        self._number = 1

    def feed(self, piece: bytes) -> Iterator[Line]:
        """The lines but the header that `piece` completes. Raises ValueError for damage."""
        begin = 0
        while (stop := piece.find(b"\n", begin)) >= 0:
            raw = b"".join([*self._held, piece[begin:stop]]) if self._held else piece[begin:stop]
            self._held, self._length = [], 0
            yield from self._line(raw)
            self._at += len(raw) + 1
            self._number += 1
            begin = stop + 1
        if begin < len(piece):
            self._hold(piece[begin:])

    def close(self) -> Iterator[Line]:
        """The line at the end that lacks but its line break, if there is one."""
        tail = b"".join(self._held)
        if tail:
            yield from self._line(tail)
        broken = b"\n" if tail else b""
        self.joint = broken + (journal_line.torn(self._torn.at) if self._torn else b"")

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a line; what is none is not read to its end."""
        self._held.append(rest)
        self._length += len(rest)
        if self._length > journal_line.LONGEST:
            raise self._complaint(_Torn(self._at, self._number, "it is too long"))
        if self._length - len(rest) < _ENOUGH <= self._length and not self._torn:
            self._could_be_torn(b"".join(self._held), "")

    def _line(self, raw: bytes) -> Iterator[Line]:
        if not raw:
            return  # a rescued line may have a line break too many before it
        try:
            fields = journal_line.decode(raw)
        except journal_line.NewerVersion as error:
            raise self._complaint(_Torn(self._at, self._number, str(error))) from None
        except ValueError as error:
            self._refuse_damage(raw, str(error))
            return
        if fields["t"] == "torn":
            self._pass_over(fields["from"])
            return
        if self._torn:
            raise self._complaint(self._torn)
        if (fields["t"] == "hdr") is (self.header is not None):
            why = "it is a second header" if self.header else "it is no header, which comes first"
            raise self._complaint(_Torn(self._at, self._number, why))
        if self.header is None:
            self.header = fields
            return
        yield Line(self._at, fields)

    def _pass_over(self, start: int) -> None:
        """Nothing is to be read from `start` up to here; that may not hide a line that was one."""
        if self._torn and self._torn.at != start:
            raise self._complaint(self._torn)
        self._torn = None

    def _refuse_damage(self, raw: bytes, why: str) -> None:
        if self._torn is None:
            self._torn = self._could_be_torn(raw, why)
        elif not journal_line.torn(self._torn.at).startswith(raw):
            raise self._complaint(self._torn)
        # else who wanted to say that it is torn was killed too

    def _could_be_torn(self, raw: bytes, why: str) -> _Torn:
        """What is no line, if it can be the beginning of one. Raises ValueError if it cannot."""
        told = raw.rstrip(b"\0")
        found = _Torn(self._at, self._number, why)
        if not journal_line.begins(told):
            whose = "it is no line of a journal" if self.header else "this is no journal of mcli"
            raise self._complaint(_Torn(self._at, self._number, whose))
        if journal_line.holds_another(told):
            raise self._complaint(_Torn(self._at, self._number, "it is two lines in one"))
        return found

    def _complaint(self, torn: _Torn) -> ValueError:
        return ValueError(f"{torn.number} (byte {torn.at}): {torn.why}")
