"""CORE: a record a line, or with `-0` one that a NUL ends; file names come the same way."""

from __future__ import annotations

from mcli.errors import BadInput
from mcli.record import Record
from mcli.records import framing
from mcli.records.framing import Origin, Rules, Splitter


class Lines:
    """Each line is the data of a record, also one that is blank."""

    def __init__(self, rules: Rules, origin: Origin) -> None:
        self._rules = rules
        self._split = Splitter(b"\0" if rules.zero else b"\n", framing.most_raw(rules))
        self._prefix = origin.prefix("record" if rules.zero else "line")
        self._before = origin.first - 1
        self._line = 0

    def feed(self, piece: bytes) -> list[Record]:
        """The records that `piece` completes."""
        return [self._record(raw) for raw in self._split.feed(piece)]

    def close(self) -> list[Record]:
        """The last line, if no end stands behind it."""
        return [self._record(raw) for raw in self._split.close()]

    def _record(self, raw: bytes | None) -> Record:
        self._line += 1
        place = f"{self._prefix}{self._line}"
        raw = framing.bare(raw, self._line == 1, self._rules.zero)
        return self.made(self._before + self._line, place, raw)

    def made(self, n: int, place: str, raw: bytes | None) -> Record:
        """The record that the bytes of a line are."""
        try:
            return Record(n, place, framing.decoded(raw, place, self._rules))
        except BadInput as failure:
            return Record(n, place, failure=failure)


class Names(Lines):
    """Each line is the name of a file, whose text is read when its turn comes.

    A name is what the system says it is, UTF-8 or not. It is the record's place and id.
    """

    def made(self, n: int, place: str, raw: bytes | None) -> Record:
        """The record of a file; a blank name is a record without anything to ask about."""
        if raw is not None and len(raw) <= LONGEST_NAME and 0 not in raw:
            name = raw.decode("utf-8", "surrogateescape")
            return named(n, name) if name else Record(n, place, "")
        failure = BadInput("bad_record", f"{place}: this is no name of a file")
        return Record(n, place, failure=failure)


LONGEST_NAME = 4096
"""Bytes of a path that a system takes."""


def named(n: int, path: str) -> Record:
    """The record that the file at `path` is."""
    return Record(n, path, id=path)
