"""EDGE: lines put behind those of a journal, and on the disk before anybody hears of them.

A line is written at once, so that kill -9 cannot take it back; what has to survive a power cut as
well waits for `fdatasync`. All that comes while one is under way shares the next. They are made in
a thread, since each takes milliseconds, and none begins within 10 ms of the one before, so that a
thousand requests in flight cost a hundred syncs a second.

After a write or sync that failed nothing is known of the file any more: nothing further is written
or sent. What was paid for by then goes into a file in $TMPDIR, once.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shlex
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from mcli import journal_line, system
from mcli.errors import WriteFailure, reason

GATHER_S = 0.01

_Waiting = tuple[bytes, "asyncio.Future[None]"]


class Writer:
    """The end of the file `descriptor`, which has `size` bytes; `joint` has to stand before the
    first line. `failure` is what went wrong for good."""

    def __init__(self, name: str, descriptor: int, size: int, joint: bytes) -> None:
        self.failure: WriteFailure | None = None
        self._name = name
        self._descriptor = descriptor
        self._size = size
        self._joint = joint
        self._waiting: list[_Waiting] = []
        self._under_way: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._due = 0.0
        self._rescue: _Rescue | None = None

    def append(self, line: bytes) -> int:
        """Write `line`; the byte at which it begins. Raises WriteFailure, always the same one."""
        if self.failure:
            raise self.failure
        at = self._size + len(self._joint)
        left = memoryview(self._joint + line)
        try:
            while left:
                count = os.write(self._descriptor, left)
                self._size += count
                left = left[count:]
        except OSError as error:
            closing = journal_line.torn(at) if self._size >= at else self._joint.lstrip(b"\n")
            raise self._failed(error, closing) from None
        self._joint = b""
        return at

    async def keep(self, line: bytes) -> int:
        """Write `line`, and return when it is on the disk. Raises WriteFailure; the line is then
        in $TMPDIR, if that was possible."""
        try:
            at = self.append(line)
        except WriteFailure as failure:
            self._save(line, failure)
            raise
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((line, done))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._sync_all())
        await done
        return at

    def sync(self) -> None:
        """Wait for the disk, without an event loop. Raises WriteFailure."""
        try:
            _sync(self._descriptor)
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Put on the disk what nobody waits for any more; that it fails then is told to nobody, as
        nobody was told that it is kept."""
        if self._thread:
            self._thread.shutdown()
        group = [*self._under_way, *self._waiting]
        self._under_way, self._waiting = [], []
        if group and not self._lost(group, lambda: _sync(self._descriptor)):
            _tell(group, None)
        if self._rescue:
            self._rescue.close()

    async def _sync_all(self) -> None:
        """Sync as long as somebody waits. Cut short, it leaves the rest to `close`."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            await asyncio.sleep(max(self._due - loop.time(), 0.0))
            self._due = loop.time() + GATHER_S
            group = self._under_way = self._waiting
            self._waiting = []
            if self._lost(group, self._refuse_a_stranger):
                return
            outcome = await loop.run_in_executor(self._worker(), _outcome, self._descriptor)
            if self._lost(group, outcome):
                return
            self._under_way = []
            _tell(group, None)

    def _worker(self) -> ThreadPoolExecutor:
        """A thread of our own: a resolver that never answers may sit in those of the loop."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "journal")
        return self._thread

    def _lost(self, group: list[_Waiting], attempt: Callable[[], None]) -> bool:
        """Whether `attempt` failed: then so did all who wait, and no sync is tried again, as the
        next would succeed without having written what this one could not."""
        try:
            attempt()
        except OSError as error:
            lost = [*group, *self._waiting]
            self._under_way, self._waiting = [], []
            failure = self._failed(error)
            for line, _ in lost:
                self._save(line, failure)
            _tell(lost, failure)
            return True
        return False

    def _refuse_a_stranger(self) -> None:
        """Who takes the file away or writes to it knows no lock; no answer is to be lost in it."""
        status = os.fstat(self._descriptor)
        if not status.st_nlink:
            raise OSError(errno.ENOENT, "somebody deleted it meanwhile")
        if status.st_size != self._size:
            raise OSError(errno.EBUSY, "somebody else changed it meanwhile")

    def _failed(self, error: OSError, closing: bytes = b"") -> WriteFailure:
        """The failure from now on; `closing` is the line that ends what was half written."""
        if self.failure is None:
            why = reason(error, "cannot be written")
            self.failure = WriteFailure(
                "write_failed", f'the journal "{self._name}": {why}',
                "look at the disk, and run the same command again",
            )  # fmt: skip
            # At any other place than behind what was torn both say nothing.
            self._rescue = _Rescue(b"\n" + closing)
        return self.failure

    def _save(self, line: bytes, failure: WriteFailure) -> None:
        """Keep a line that the journal does not take, and say in the failure where it is."""
        if self._rescue is None:
            return
        path = self._rescue.add(line)
        if path:
            file, journal = shlex.quote(path), shlex.quote(self._name)
            failure.hint = (
                f"make room, add the answers that it lacks (cat {file} >> {journal}), and run the "
                "same command again"
            )
        else:
            failure.hint = (
                "make room, and run the same command again; answers that are paid for could be "
                "written nowhere, and will be asked for again"
            )


class _Rescue:
    """A file in $TMPDIR for lines that the journal does not take; it begins with `head`."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._descriptor: int | None = None
        self._path = ""

    def add(self, line: bytes) -> str:
        """Where `line` is now; empty if it is nowhere. What failed once is not tried again."""
        if self._descriptor is None:
            self._descriptor = -1
            with suppress(OSError):
                self._descriptor, self._path = tempfile.mkstemp(prefix="mcli-journal-")
        if self._descriptor < 0:
            return ""
        left = memoryview(self._head + line)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError:
            self.close()
            return ""
        self._head = b""
        return self._path

    def close(self) -> None:
        if self._descriptor is not None and self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def _tell(group: list[_Waiting], failure: WriteFailure | None) -> None:
    """Let those who wait go on; some may have been cut short, or their loop be gone."""
    for _, done in group:
        with suppress(RuntimeError):
            if not done.done() and failure:
                done.set_exception(failure)
            elif not done.done():
                done.set_result(None)


def _outcome(descriptor: int) -> Callable[[], None]:
    """Sync; what is returned raises the OSError that this raised."""
    try:
        _sync(descriptor)
    except OSError as error:
        failed = error

        def again() -> None:
            raise failed

        return again
    return lambda: None


def _sync(descriptor: int) -> None:
    system.sync_data(descriptor)
