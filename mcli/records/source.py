"""EDGE: the input of a batch, read as it is needed: files, pipes and stdin, one after another.

A pipe that gives nothing keeps nobody else waiting, and may be endless. What is wrong with a file
that can be looked at twice is found before anything is sent: that it is not there, that its columns
are others, and ids given twice with different content.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import contextmanager

from mcli import system
from mcli.errors import BadInput, NoInput, reason
from mcli.record import Record
from mcli.records import forms
from mcli.records.forms import Form
from mcli.records.framing import Origin, Parser, Rules
from mcli.records.lines import named
from mcli.records.tables import Row, Rows, Table
from mcli.shapes import frozen, replace

STDIN = 0
PIECE = 1 << 16
"""Bytes of a read: what a pipe holds."""

SameId = Callable[[str, bytes, str], str | None]
"""The place of an earlier record with that id and another digest than the one at that place."""


@frozen
class Wanted:
    """What is read: the paths, of which `-` is stdin and none means stdin; how; and how many
    records at most."""

    paths: tuple[str, ...]
    form: Form
    rules: Rules
    limit: int | None = None

    @property
    def listed(self) -> bool:
        """Whether the paths are the records themselves."""
        return self.form == "files" and bool(self.paths)


class Source:
    """Call `check`, then go through `records` once, in `contextlib.aclosing`.

    `table` is the header of a table, as soon as it was seen.
    """

    def __init__(self, wanted: Wanted, same_id: SameId | None = None) -> None:
        self._wanted = wanted
        self._same_id = same_id if forms.has_ids(wanted.form) else None
        self._paths = wanted.paths or ("-",)
        self.table: Table | None = None
        self._taken = 0.0
        self._size = 0

    def share(self) -> float | None:
        """How much of the input was read, from 0 to 1; None where nobody knows its length."""
        return min(1.0, self._taken / self._size) if self._size else None

    def check(self) -> None:
        """Everything that can be known before anything is sent. Raises NoInput or BadInput. It
        reads whole files where they may have ids, so it takes its time."""
        if self._wanted.listed:
            return
        for path in self._paths:
            if path != "-" and _waits(path):
                continue  # who opens a FIFO and goes away again ends its writer
            with _opened(path) as descriptor:
                if not _is_regular(descriptor):
                    continue
                self._size += os.fstat(descriptor).st_size
                if self._is_worth_a_look(path, descriptor):
                    self._look_through(path, descriptor)

    def _is_worth_a_look(self, path: str, descriptor: int) -> bool:
        """Whether something may be wrong that concerns more than one record."""
        if self._wanted.form == "jsonl":
            return self._same_id is not None and _mentions(path, descriptor, (b'"id"', b"\\u00"))
        return self._same_id is not None or self._wanted.form in ("csv", "tsv")

    async def records(self) -> AsyncGenerator[Record]:
        """The records, up to the limit. Raises NoInput, or BadInput for a header."""
        left = self._wanted.limit
        if left == 0:
            return
        if self._wanted.listed:
            for n, path in enumerate(self._paths[:left], 1):
                yield named(n, path)
            return
        n = 0
        for path in self._paths:
            with _opened(path) as descriptor:
                parser = self._parser(path, n + 1)
                seen = None if _is_regular(descriptor) else self._same_id
                while True:
                    piece = await _read(descriptor, path)
                    found = parser.feed(piece) if piece else parser.close()
                    self._notice(parser)
                    for record in found:
                        # As far as records were wanted: a piece may hold many.
                        self._taken += len(piece) / len(found)
                        yield _alone(record, seen)
                        n += 1
                        if n == left:
                            return
                    if not piece:
                        break

    def _look_through(self, path: str, descriptor: int) -> None:
        """Read a file from where it stands without moving that place, which others may share."""
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        parser = self._parser(path, 1)
        left = self._wanted.limit
        try:
            while True:
                piece = system.pread(descriptor, PIECE, at)
                at += len(piece)
                found = parser.feed(piece) if piece else parser.close()
                self._notice(parser)
                for record in found if left is None else found[:left]:
                    failure = _alone(record, self._same_id).failure
                    if failure is not None and failure.slug == "same_id":
                        raise failure
                left = None if left is None else max(left - len(found), 0)
                if not piece or left == 0 or self._is_enough(parser):
                    return
        except OSError as error:
            raise _unreadable(path, error) from None

    def _parser(self, path: str, first: int) -> Parser:
        name = "" if path == "-" else path
        return forms.parser(self._wanted.form, self._wanted.rules, Origin(name, first), self.table)

    def _is_enough(self, parser: Parser) -> bool:
        """Whether the rest of a file has nothing that is worth a look: rows without ids."""
        if not isinstance(parser, Rows) or not parser.headed or parser.table is None:
            return False
        return self._same_id is None or "id" not in parser.table.header

    def _notice(self, parser: Parser) -> None:
        if self.table is None and isinstance(parser, Rows):
            self.table = parser.table


def _alone(record: Record, same_id: SameId | None) -> Record:
    """The record, failed if its id belongs to another content."""
    if same_id is None or record.id is None or record.failure is not None:
        return record
    cells = record.row.cells if isinstance(record.row, Row) else (record.row,)
    digest = hashlib.sha256("\0".join(cells).encode("utf-8", "surrogatepass")).digest()
    first = same_id(record.id, digest, record.place)
    if first is None:
        return record
    message = f'{record.place}: the id "{record.id[:80]}" is that of {first}, with other content'
    return replace(record, failure=BadInput("same_id", message, "give each record its own id"))


async def _read(descriptor: int, path: str) -> bytes:
    """The next bytes, none at the end. Nothing else waits while a pipe gives none."""
    try:
        while True:
            if not _is_regular(descriptor):
                if system.WINDOWS:  # whose event loop has no readers
                    return await asyncio.to_thread(os.read, descriptor, PIECE)
                await _readable(descriptor)
            try:
                return os.read(descriptor, PIECE)
            except BlockingIOError:
                await asyncio.sleep(0)  # somebody else was faster
    except OSError as error:
        if error.errno == errno.EBADF and path == "-":
            return b""  # stdin is closed
        raise _unreadable(path, error) from None


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    try:
        loop.add_reader(descriptor, _tell, ready)
    except PermissionError:
        return  # a device that cannot be waited for, such as /dev/null, always has its answer
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def _tell(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


@contextmanager
def _opened(path: str) -> Generator[int]:
    """A descriptor to read from. A FIFO that nobody writes to yet is not waited for here."""
    if path == "-":
        yield STDIN
        return
    try:
        flags = os.O_RDONLY | system.NONBLOCK | system.BINARY
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise NoInput("unreadable", f"{path}: is a directory")
        yield descriptor
    finally:
        os.close(descriptor)


def _is_regular(descriptor: int) -> bool:
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _waits(path: str) -> bool:
    """Whether opening `path` has an effect on somebody, or would wait. Raises NoInput."""
    try:
        kind = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def _mentions(path: str, descriptor: int, words: Sequence[bytes]) -> bool:
    """Whether one of the words stands in what is left of a file; far quicker than to parse it."""
    at = os.lseek(descriptor, 0, os.SEEK_CUR)
    tail = b""
    try:
        while piece := system.pread(descriptor, PIECE, at):
            at += len(piece)
            both = tail + piece
            if any(word in both for word in words):
                return True
            tail = both[-max(map(len, words)) :]
    except OSError as error:
        raise _unreadable(path, error) from None
    return False


def _unreadable(path: str, error: OSError | ValueError) -> NoInput:
    name = "stdin" if path == "-" else path
    return NoInput("unreadable", f"{name}: {reason(error, 'cannot be read')}")
