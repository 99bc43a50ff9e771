"""CORE: CSV (RFC 4180, by the standard library) with a header line, or with tabs between cells.

A header that names no columns, or one twice, is wrong for every row, and so for the input. A row
that cannot be read is a failed record, and keeps its place with the cells that it has.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

from mcli.errors import BadInput
from mcli.record import Record
from mcli.records import framing
from mcli.records.framing import Origin, QuotedSplitter, Rules
from mcli.shapes import frozen

csv.field_size_limit((1 << 31) - 1)  # a record is bounded, and so its cells: not at 128 KiB


@frozen
class Table:
    """The columns of a table, and how it is written: what ends its lines and parts its cells."""

    header: tuple[str, ...]
    newline: str = "\n"
    delimiter: str = ","


@frozen
class Row:
    """The cells of a row, as many as its table has columns."""

    table: Table
    cells: tuple[str, ...]


class Rows:
    """A row a record. A blank line is none.

    `table` is what is known of the header: another input's, with which this one must agree, and
    later its own; `headed` tells which. `feed` and `close` raise BadInput for a header that cannot
    be one.
    """

    def __init__(self, rules: Rules, origin: Origin, table: Table | None = None) -> None:
        self.table = table
        self._rules = rules
        self._split = QuotedSplitter(rules.delimiter, framing.most_raw(rules))
        self._prefix = origin.prefix()
        self._name = origin.name or "stdin"
        self._start: bytes | None = b""  # until it is known whether a byte-order mark stands there
        self._line = 1
        self._n = origin.first - 1
        self.headed = False
        self._id: int | None = None

    def feed(self, piece: bytes) -> list[Record]:
        """The records that `piece` completes."""
        if self._start is not None:
            piece = self._start + piece
            if len(piece) < len(framing.BOM) and framing.BOM.startswith(piece):
                self._start = piece
                return []
            piece, self._start = piece.removeprefix(framing.BOM), None
        return self._records(self._split.feed(piece))

    def close(self) -> list[Record]:
        """The last record, if no line feed stands behind it."""
        start, self._start = self._start, None
        found = self._records([*self._split.feed(start or b""), *self._split.close()])
        if not self.headed:
            raise BadInput(
                "bad_header", f"{self._name}: there is no header line", "name the columns in it"
            )
        return found

    def _records(self, split: Sequence[tuple[bytes | None, int]]) -> list[Record]:
        found: list[Record] = []
        for raw, breaks in split:
            place = f"{self._prefix}{self._line}"
            crlf = raw is not None and raw.endswith(b"\r")
            raw = framing.bare(raw, first=False)
            self._line += breaks + 1
            if raw == b"":
                continue
            if self.headed and self.table is not None:
                found.append(self._record(place, raw, self.table))
            else:
                self._head(place, raw, crlf)
        return found

    def _head(self, place: str, raw: bytes | None, crlf: bool) -> None:
        try:
            names = tuple(self._cells(raw, place))
        except BadInput as failure:
            message = f"the header cannot be read: {failure.message}"
            raise BadInput("bad_header", message, failure.hint) from None
        if not all(name.strip() for name in names):
            raise BadInput("bad_header", f"{place}: a column has no name", "name it in the header")
        if len(set(names)) < len(names):
            twice = next(name for name, count in Counter(names).items() if count > 1)
            message = f'{place}: two columns are called "{twice[:80]}"'
            raise BadInput("bad_header", message, "rename one of them")
        if self.table is None:
            self.table = Table(names, "\r\n" if crlf else "\n", self._rules.delimiter)
        elif self.table.header != names:
            message = f"{place}: other columns than in the input before"
            raise BadInput("bad_header", message, "run one batch for each kind of table")
        self._id = names.index("id") if "id" in names else None
        self.headed = True

    def _record(self, place: str, raw: bytes | None, table: Table) -> Record:
        self._n += 1
        columns = len(table.header)
        cells: Sequence[str] = ()
        try:
            cells = self._cells(raw, place)
            if len(cells) != columns:
                message = f"{place}: {len(cells)} cells, and the header has {columns}"
                raise BadInput("bad_record", message, "the other records are not affected")
        except BadInput as failure:
            kept = (*cells[:columns], *[""] * (columns - len(cells)))
            return Record(self._n, place, row=Row(table, kept), failure=failure)
        fields = dict(zip(table.header, cells, strict=True))
        name = None if self._id is None else cells[self._id] or None
        return Record(self._n, place, None, fields, Row(table, tuple(cells)), name)

    def _cells(self, raw: bytes | None, place: str) -> list[str]:
        text = framing.decoded(raw, place, self._rules)
        try:
            return next(csv.reader((text,), strict=True, delimiter=self._rules.delimiter))
        except csv.Error as error:
            raise BadInput(
                "bad_record",
                f"{place}: not CSV: {_why(error)}",
                "the other records are not affected",
            ) from None


def _why(error: csv.Error) -> str:
    message = str(error)
    if "new-line" in message:
        return "a carriage return outside quotes"
    return "a quote is not closed" if "unexpected end" in message else message
