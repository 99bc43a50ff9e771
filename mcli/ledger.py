"""EDGE: the ledger: a line for each request that was really made, a file for each month (UTC).

It holds no prompt, no answer and no key. A line is one write, so that processes side by side do not
mix theirs; the lock, held for that moment, is for healing: what a full disk or a power cut tore is
ended by a line break first, so that it never swallows the line behind it. Nothing is synced: what
kill -9 leaves is in the page cache already, and a power cut may cost the lines of its last seconds,
which are estimates that the bill knows better.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcli import redaction, state, system
from mcli.expressions import expression
from mcli.folders import Folder
from mcli.shapes import frozen

LONGEST_LINE = 1 << 16
"""Bytes; ours have a tenth of it at most, and what is longer is no line of a ledger."""
HEAD = b'{"at":"'
STAMP = slice(len(HEAD), len(HEAD) + 24)
"""Where the time stands in a line as we write it: `2026-11-26T02:50:53.123Z`."""

_LONGEST_WORD = 200
_PIECE = 1 << 20
_LOCK_S = 0.1
_LOCK = "lock"
_FILE = expression(r"[0-9]{4}-[0-9]{2}\.jsonl")


@frozen
class Entry:
    """A request, or with `held_usd` what a budget set aside for one that was about to be sent.

    `at` is when it was sent, to milliseconds. `id` ties a request to what was set aside for it.
    `how` is `ok` or a failure's slug. What is not known is None; a `key` of None is that of none.
    """

    at: datetime
    key: str | None = None
    command: str = ""
    recipe: str = ""
    asked: str = ""
    model: str | None = None
    host: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    attempts: int = 0
    how: str = ""
    charged: str = "no"
    id: str | None = None
    held_usd: float | None = None


_TEXT, _WORD = (str,), (str, type(None))
_COUNT, _AMOUNT = (int, type(None)), (int, float, type(None))
_KINDS: dict[str, tuple[type, ...]] = {
    "key": _WORD, "command": _TEXT, "recipe": _TEXT, "asked": _TEXT, "model": _WORD, "host": _TEXT,
    "prompt_tokens": _COUNT, "completion_tokens": _COUNT, "cost_usd": _AMOUNT, "attempts": (int,),
    "how": _TEXT, "charged": _TEXT, "id": _WORD, "held_usd": _AMOUNT,
}  # fmt: skip
"""What each field may be. What is not named here may be of a later version."""


def folder(environ: Mapping[str, str]) -> Path:
    """Where the ledger is. Raises OSError where there is no place for it."""
    return state.folder(environ) / "ledger"


def stamp(moment: datetime) -> str:
    """A moment as the ledger has it; as texts they are in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Pen:
    """Writes line after line, into a file that stays open as long as it is the month's."""

    def __init__(self) -> None:
        self._name = ""
        self._descriptor = self._lock = -1
        self._keys: dict[str, str] = {}

    def name_of(self, key: str, environ: Mapping[str, str]) -> str:
        """What `key` is called in the ledger. Raises OSError."""
        if key not in self._keys:
            self._keys[key] = state.fingerprint(key, environ)
        return self._keys[key]

    def append(self, entry: Entry, environ: Mapping[str, str]) -> None:
        """Put `entry` into the ledger, in a moment or not at all. Raises OSError."""
        name = _month(entry)
        if not self._writes(name):
            self.close()
            with state.opened(folder(environ), make=True) as place:
                self._lock = state.open_file(place, _LOCK, write=True)
                self._descriptor = state.open_file(place, name, write=True)
            self._name = name
        with suppress(OSError):  # not every filesystem has locks
            state.is_locked(self._lock, _LOCK_S)
        try:
            # Without the lock, at worst a line break is one too many.
            _put(self._descriptor, line(entry))
        finally:
            with suppress(OSError):
                state.unlock(self._lock)

    def _writes(self, name: str) -> bool:
        """Whether the file of that name is open, and has not been removed since."""
        is_open = self._descriptor >= 0 and name == self._name
        return is_open and os.fstat(self._descriptor).st_nlink > 0

    def close(self) -> None:
        """Let go of the files."""
        for descriptor in (self._descriptor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._lock = -1


@contextmanager
def lock(place: Folder) -> Generator[int]:
    """The file whose lock the ledger's writers take, open; closing gives the lock back."""
    descriptor = state.open_file(place, _LOCK, write=True)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write(place: Folder, entry: Entry) -> None:
    """Put `entry` into its month's file. Raises OSError, also where it went in by half."""
    descriptor = state.open_file(place, _month(entry), write=True)
    try:
        _put(descriptor, line(entry))
    finally:
        os.close(descriptor)


def _month(entry: Entry) -> str:
    """The file of the month in which the request was sent."""
    return f"{stamp(entry.at)[:7]}.jsonl"


def _put(descriptor: int, told: bytes) -> None:
    """Write a line behind what is there, at once, and end that first if it is torn. Raises OSError,
    also where it went in by half."""
    size = os.fstat(descriptor).st_size
    torn = size > 0 and system.pread(descriptor, 1, size - 1) != b"\n"
    data = (b"\n" if torn else b"") + told
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def line(entry: Entry) -> bytes:
    """The line of `entry`, without secrets and of bounded length."""
    told: dict[str, Any] = {"at": stamp(entry.at)}
    for name in _KINDS:
        value = getattr(entry, name)
        if value is not None or name not in ("id", "held_usd"):
            is_word = isinstance(value, str)
            told[name] = redaction.excerpt(value, _LONGEST_WORD) if is_word else value
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def parse(raw: bytes) -> Entry:
    """The entry of a line. Raises ValueError if it is none."""
    if len(raw) > LONGEST_LINE:
        raise ValueError("too long")
    try:
        told: dict[str, Any] = json.loads(raw)
        moment = datetime.fromisoformat(told["at"])
        found = {name: value for name, value in told.items() if name in _KINDS}
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    for name, value in found.items():
        if type(value) not in _KINDS[name]:  # not isinstance: True is no number here
            raise ValueError(f"wrong type of {name}")
        if type(value) in (int, float) and not 0 <= value < math.inf:
            raise ValueError(f"{name} is no amount")
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return Entry(moment, **found)


def months(place: Folder, since: datetime, until: datetime) -> list[str]:
    """The names of the files that may hold requests sent in that span, oldest first."""
    first, last = stamp(since)[:7], stamp(until)[:7]
    names = sorted(filter(_FILE.fullmatch, place.names()))
    return [name for name in names if first <= name[:7] <= last]


def lines(descriptor: int, at: int = 0) -> Iterator[tuple[bytes, int]]:
    """The lines of a file from the offset `at` on, each with the offset behind it.

    What is too long comes cut. A last one without a line break comes with the offset before it: it
    may be torn, or being written.
    """
    rest, read = b"", at
    while piece := system.pread(descriptor, _PIECE, read):
        *whole, tail = piece.split(b"\n")
        if whole:
            at = read + len(whole[0]) + 1
            yield rest + whole[0], at
            for each in whole[1:]:
                at += len(each) + 1
                yield each, at
            rest = tail
        else:
            rest = (rest + tail)[: LONGEST_LINE + 1]
        read += len(piece)
    if rest:
        yield rest, at
