"""EDGE (pure): bytes of an event stream to the data of its events.

WHATWG HTML §9.2.6, on bytes: lines end at CR, LF or CRLF and nowhere else, since U+2028 and U+0085
are legal inside JSON. Beyond the standard, because servers do it: an event without its blank line
is delivered at the end, or when the next `data:` follows data that is already complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from mcli.expressions import expression
from mcli.shapes import frozen

LARGEST_EVENT = 8 << 20
"""Bytes of one event."""

_LINE_END = expression(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventTooLarge(Exception):
    """An event, or a line that never ends, is over LARGEST_EVENT."""


@frozen
class Event:
    """The name of an event (`""` is the usual one) and its data, decoded strictly."""

    name: str
    data: str


class Framer:
    """Feed it bytes as they come, however they are cut; it gives the events they complete.

    Raises EventTooLarge, or UnicodeDecodeError for data that is not UTF-8.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._whole: bool | None = None  # whether the one line held is an event; None: not asked
        self._name = b""
        self._begun = False
        self._scanned = 0  # no line ends before this, so a long line is looked at once

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that `chunk` completes."""
        self._rest += chunk
        # A CR at the very end may be half of a CRLF: it waits for the next byte.
        end = len(self._rest) - (1 if self._rest.endswith(b"\r") else 0)
        if not self._begun:
            if len(self._rest) < len(_BOM) and _BOM.startswith(bytes(self._rest)):
                return
            self._begun = True
            if self._rest.startswith(_BOM):
                del self._rest[: len(_BOM)]
                end -= len(_BOM)
        start = 0
        for found in _LINE_END.finditer(self._rest, self._scanned, max(end, 0)):
            line = bytes(self._rest[start : found.start()])
            start = found.end()
            yield from self._line(line)
        del self._rest[:start]
        self._scanned = max(end - start, 0)
        if len(self._rest) + self._size > LARGEST_EVENT:
            raise EventTooLarge

    def close(self) -> Iterator[Event]:
        """The events that the end of the stream completes."""
        line = bytes(self._rest).removesuffix(b"\r")
        self._rest.clear()
        if line:
            yield from self._line(line)
        yield from self._dispatch()

    def _line(self, line: bytes) -> Iterator[Event]:
        if not line:
            yield from self._dispatch()
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            if self._complete():
                yield from self._dispatch()
            self._hold(value)
        elif field == b"event":
            if self._complete():
                yield from self._dispatch()
            self._name = value
        elif field == b"error":
            # Not a field of the standard; old llama.cpp servers report errors this way.
            self._name = b"error"
            self._hold(value)

    def _hold(self, value: bytes) -> None:
        self._data.append(value)
        self._whole = None
        self._size += len(value) + 1
        if self._size > LARGEST_EVENT:
            raise EventTooLarge

    def _complete(self) -> bool:
        """Whether the one line held is an event of its own; several belong together."""
        if len(self._data) != 1:
            return False
        if self._whole is None:  # asked by every `event:` line, and the data may be large
            self._whole = _is_event(self._data[0])
        return self._whole

    def _dispatch(self) -> Iterator[Event]:
        if self._data:
            event = Event(self._name.decode("utf-8", "replace"), b"\n".join(self._data).decode())
            self._data, self._size = [], 0
            self._name = b""
            if event.data.strip():
                yield event
        self._name = b""


def _is_event(data: bytes) -> bool:
    """Whether `data` is the end of the stream, or JSON, read as kindly as Assembly will."""
    if data.strip() == b"[DONE]":
        return True
    try:
        json.loads(data.decode(), strict=False)
    except (ValueError, RecursionError):
        return False
    return True
