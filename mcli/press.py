"""SHELL: how the answers of a batch become lines, and how these leave."""

from __future__ import annotations

from mcli.each import Envelope
from mcli.lineup import Lineup
from mcli.outlet import Outlet
from mcli.record import Record
from mcli.records.told import Printer


class Press:
    """`gap` stands for a record that has no line because the run ended before it."""

    def __init__(self, printer: Printer, outlet: Outlet, ordered: bool, gap: bytes = b"") -> None:
        self._printer = printer
        self._lineup = Lineup(outlet.write, ordered)
        self._gap = gap
        self.room = self._lineup.room
        self.run = self._lineup.run

    def put(self, record: Record, envelope: Envelope | None) -> None:
        """What became of `record`; nothing, if there was nothing to ask."""
        line = self._gap if envelope is None else self._printer.line(record, envelope)
        self._lineup.put(record.n, line)

    def close(self) -> None:
        """Nothing more comes."""
        self._lineup.close(self._gap)
