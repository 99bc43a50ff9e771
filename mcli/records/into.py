"""CORE: the row itself with the answer in it (`--into`, `--into-fields`), as it came: JSON or CSV.

Of a JSON row nothing else is changed, not by a byte: the answer is put into the text as it stands,
so that `1.10` stays 1.10. A field of the answer's name gives way to it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from mcli.errors import UsageFailure
from mcli.reading import Reading
from mcli.record import Record
from mcli.records import told
from mcli.records.tables import Row, Table
from mcli.records.told import Envelope, Printer
from mcli.shapes import frozen


@frozen
class Fields:
    """What an answer is in a row: one `field`, or if that is None those of the answer itself, of
    which `columns` are known beforehand. `how` says what the answer is."""

    how: Reading
    field: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def error(self) -> str:
        """The field that says why there is no answer."""
        return told.ERROR if self.field is None else f"{self.field}_error"

    @property
    def names(self) -> tuple[str, ...]:
        """All fields that are known to be ours, the one for errors last."""
        return (*(self.columns if self.field is None else (self.field,)), self.error)

    def of(self, envelope: Envelope) -> dict[str, Any]:
        """What a row is given: the answer, or nulls and why."""
        if not envelope["ok"]:
            return {**dict.fromkeys(self.names), self.error: told.why(envelope)}
        if self.field is not None:
            return {self.field: told.value_of(envelope, self.how)}
        data = envelope["data"]
        found = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        found = {name: value for name, value in found.items() if name != self.error}
        return {**dict.fromkeys(self.columns), **found}


class IntoJson:
    """A JSON object a record: the row with the answer, or where the input has none the text or path
    with it."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def line(self, record: Record, envelope: Envelope) -> bytes:
        """The row, of which what an earlier run said of an error goes away."""
        ours = self._fields.of(envelope)
        if isinstance(record.row, str):
            stale = () if self._fields.error in ours else (self._fields.error,)
            return (spliced(record.row, ours, stale) + "\n").encode()
        return told.json_line({**_brought(record), **ours})

    def head(self, table: Table | None) -> bytes:
        """Nothing."""
        return b""


class IntoTable:
    """CSV with the header once, and ours as the last columns of each row.

    Cells are data: one that begins with `=` stays as it is.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._kept: list[int] = []
        self._write = _writer(Table(()))

    def line(self, record: Record, envelope: Envelope) -> bytes:
        """The row, whose table has had its header."""
        row = cast(Row, record.row)
        ours = self._fields.of(envelope)
        mine = [_cell(ours.get(name)) for name in self._fields.names]
        return told.encoded(self._write([*(row.cells[at] for at in self._kept), *mine]))

    def head(self, table: Table | None) -> bytes:
        """The header."""
        if table is None:
            return b""
        ours = self._fields.names
        self._kept = [at for at, name in enumerate(table.header) if name not in ours]
        self._write = _writer(table)
        kept = [table.header[at] for at in self._kept]
        return told.encoded(self._write([*kept, *ours]))


def printer(format: str, how: Reading, field: str | None) -> Printer:
    """The printer of rows of that format; `field` None means fields of the answer's own.

    Raises UsageFailure where the columns cannot be known before anything is sent.
    """
    columns = told.columns_of(how)
    if how.kind != "json" and field is None:
        raise UsageFailure("bad_flag", "--into-fields needs an answer in JSON", "use --into FIELD")
    fields = Fields(how, field, columns or ())
    if field is None and columns is None and format in TABULAR:
        raise UsageFailure(
            "bad_flag",
            "--into-fields needs to know the columns of a table beforehand",
            'give the recipe\'s schema "properties", or use --into FIELD',
        )
    if len(set(fields.names)) < len(fields.names):
        raise UsageFailure(
            "bad_flag", f'the answer\'s field "{fields.error}" is the one that says what is wrong',
            "use --into FIELD",
        )  # fmt: skip
    return IntoTable(fields) if format in TABULAR else IntoJson(fields)


TABULAR = ("csv", "tsv")


def spliced(row: str, ours: Mapping[str, Any], stale: Collection[str] = ()) -> str:
    """The JSON object `row` with the members `ours`, and without those that are `stale`. What is
    neither stays as it is written, in its place."""
    left = dict(ours)
    if not _may_have(row, (*ours, *stale)):
        begun = row[:-1].rstrip(_SPACE)
        return begun + ("" if begun == "{" else ", ") + ", ".join(_members(left)) + "}"
    kept: list[str] = []
    for name, text in members_in(row):
        if name in left:
            kept += _members({name: left.pop(name)})
        elif name not in stale:
            kept.append(text)
    return "{" + ", ".join([*kept, *_members(left)]) + "}"


def _may_have(row: str, names: Collection[str]) -> bool:
    """Whether a name may stand in `row`; one that is written with escapes is not looked for."""
    if "\\u" in row or "\\/" in row:
        return True
    return any(told.json_text(name) in row for name in names)


_SPACE = " \t\r\n"


def members_in(row: str) -> Iterator[tuple[str, str]]:
    """The members of the valid JSON object `row`: the name of each, and all of it as it stands."""
    at = _past_space(row, 1)
    while row[at] != "}":
        start = at
        name, at = _VALUES.raw_decode(row, at)
        at = _past_space(row, _past_space(row, at) + 1)
        _, at = _VALUES.raw_decode(row, at)
        yield name, row[start:at]
        at = _past_space(row, at)
        if row[at] == ",":
            at = _past_space(row, at + 1)


_VALUES = json.JSONDecoder(parse_int=str, parse_float=str)


def _past_space(row: str, at: int) -> int:
    while row[at] in _SPACE:
        at += 1
    return at


def _members(named: Mapping[str, Any]) -> Iterable[str]:
    return [f"{told.json_text(name)}: {told.json_text(value)}" for name, value in named.items()]


def _brought(record: Record) -> dict[str, Any]:
    """What a record that is no row is known by: its text, or the path of its file."""
    if record.id is not None and record.id == record.place:
        return {"path": record.place}
    return {} if record.data is None else {"input": record.data}


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return told.json_text(value)


class _Echo:
    def write(self, line: str) -> str:
        return line


_CRLF = "\r\n"


def _writer(table: Table) -> Callable[[Sequence[str]], str]:
    """A function that makes a line of cells."""
    # Python 3.11 quotes a lone CR only if its line ends have one.
    write = csv.writer(_Echo(), delimiter=table.delimiter, lineterminator=_CRLF).writerow

    def line(cells: Sequence[str]) -> str:
        return write(cells).removesuffix(_CRLF) + table.newline

    return line
