"""SHELL: how the answers of a batch become lines or files, and how these leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mcli.each import Envelope
from mcli.errors import Failure
from mcli.lineup import Lineup
from mcli.outlet import Outlet
from mcli.record import Record
from mcli.records.each import Each as Files
from mcli.records.tables import Table
from mcli.records.told import Printer
from mcli.shapes import frozen, replace


@frozen
class Printing:
    """What an answer becomes: a line by `printer`, or with `files` a file, and then only who has
    none is printed. `gap` stands for a record without a line, because there was nothing to ask or
    the run ended before it."""

    printer: Printer
    files: Files | None = None
    gap: bytes = b""


class Press:
    """`table` tells the header of the input, once it was seen."""

    def __init__(
        self,
        printing: Printing,
        outlet: Outlet,
        ordered: bool,
        table: Callable[[], Table | None],
    ) -> None:
        self._printer = printing.printer
        self._lineup = Lineup(outlet.write, ordered)
        self._table = table
        self._files = printing.files
        self._paths: dict[int, str] = {}
        self._gap = printing.gap
        self._headed = False
        self.room = self._lineup.room
        self.run = self._lineup.run

    def claim(self, record: Record, answered: bool) -> Record:
        """The record, failed where it would be written to a place that it may not be. Where an
        earlier run had it `answered`, what may not be replaced is what that wrote."""
        if self._files is None or record.failure is not None:
            return record
        try:
            self._paths[record.n] = self._files.claim(record)
        except Failure as failure:
            if answered and failure.slug == "exists":
                self._paths[record.n] = ""
                return record
            return replace(record, failure=failure)
        return record

    async def put(self, record: Record, envelope: Envelope | None) -> None:
        """What became of `record`; nothing, if there was nothing to ask. Raises WriteFailure."""
        self._head()
        path = self._paths.pop(record.n, None)
        if envelope is None:
            self._lineup.put(record.n, self._gap)
        elif self._files is None or path is None or not envelope["ok"]:
            self._lineup.put(record.n, self._printer.line(record, envelope))
        else:
            if path:
                await asyncio.to_thread(self._files.write, path, envelope["text"])
            self._lineup.put(record.n, b"")

    def close(self) -> None:
        """Nothing more comes."""
        self._head()
        self._lineup.close(self._gap)

    def _head(self) -> None:
        if not self._headed:
            self._headed = True
            self._lineup.lead(self._printer.head(self._table()))
