"""provisional"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from mcli.order import Order
from mcli.record import Record
from mcli.records import jsonl, lines, openai_batch, tables
from mcli.records.framing import Origin, Rules
from mcli.said import Said


class Intake:
    def __init__(self, order: Order, said: Said) -> None:
        self._order = order
        path = order.paths[0] if order.paths else "-"
        self.format = order.format or (
            "jsonl" if path.endswith(".jsonl") else "csv" if path.endswith(".csv") else "lines"
        )
        self._fd = 0 if path == "-" else os.open(path, os.O_RDONLY)
        rules = Rules(said.invalid, said.max_input, order.nul)
        kinds = {
            "lines": lines.Lines,
            "jsonl": jsonl.JsonLines,
            "csv": tables.Rows,
            "openai-batch": openai_batch.Requests,
        }
        self.parser = kinds[self.format](rules, Origin())
        self.table = None

    def share(self):
        return None

    async def stream(self) -> AsyncIterator[Record]:
        count = 0
        while True:
            piece = os.read(self._fd, 65536)
            found = self.parser.feed(piece) if piece else self.parser.close()
            self.table = getattr(self.parser, "table", None)
            for record in found:
                if self._order.limit is not None and count >= self._order.limit:
                    return
                count += 1
                yield record
            if not piece:
                return


def opened(order, said):
    return Intake(order, said)
