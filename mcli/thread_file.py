"""EDGE: the file of a conversation, held under its lock from reading to appending.

Turns are only ever added, so the file itself carries the lock. Who is killed leaves at worst the
beginning of a line, which the next one takes away.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from mcli import deadline, locks, outfile, output, system, thread
from mcli.errors import BadInput, CannotCreate, TryAgain, WriteFailure, reason
from mcli.thread import Thread

LARGEST = 64 << 20
"""Bytes of a file: a conversation that no model reads, and that would fill the memory."""


class Held:
    """A conversation whose lock is ours until it is closed; `thread` is what it held when the lock
    was taken."""

    def __init__(self, name: str, path: str, descriptor: int, new: bool) -> None:
        self._name = name
        self._path = path
        self._descriptor = descriptor
        self._new = new
        self.thread, self._size = _load(name, descriptor)

    def append(self, line: bytes) -> None:
        """Put a line behind the last turn, and on the disk. Raises WriteFailure; then the file has
        the turns that it had."""
        kept = self.thread.sound
        try:
            with outfile.undisturbed():
                self._refuse_a_stranger()
                try:
                    if kept < self._size:  # behind it stands a torn line
                        os.ftruncate(self._descriptor, kept)
                    output.write_all(self._descriptor, self.thread.joint + line, self._name)
                    _sync(self._descriptor)
                except (OSError, WriteFailure):
                    with suppress(OSError):
                        os.ftruncate(self._descriptor, kept)
                    raise
                if self._new:
                    outfile.sync_directory(Path(self._path).parent)
        except OSError as error:
            raise self._failure(reason(error, "cannot be written")) from None
        except WriteFailure as failure:
            raise self._failure(failure.message.partition(": ")[2] or failure.message) from None

    def close(self) -> None:
        """Give the lock back. A file that is new and still empty goes away again."""
        if self._descriptor < 0:
            return
        with suppress(OSError):
            if self._new and not os.fstat(self._descriptor).st_size and self._is_there():
                os.unlink(self._path)
        os.close(self._descriptor)
        self._descriptor = -1

    def _is_there(self) -> bool:
        """Whether the path still names the file that is held."""
        return os.path.samestat(os.fstat(self._descriptor), os.stat(self._path))

    def _refuse_a_stranger(self) -> None:
        """An editor knows no lock; what it did is not to be lost, nor the turn in a lost file."""
        with suppress(FileNotFoundError):
            if self._is_there() and os.fstat(self._descriptor).st_size == self._size:
                return
        raise OSError(errno.EBUSY, "somebody else changed it meanwhile")

    def _failure(self, why: str) -> WriteFailure:
        return WriteFailure(
            "write_failed", f'the conversation "{self._name}": {why}', "this turn is not in it"
        )


@contextmanager
def held(name: str, until: float, limit_s: float) -> Generator[Held]:
    """The conversation in the file called `name`, which is made if there is none, for us alone.

    Waits for others until the monotonic clock shows `until`. Raises CannotCreate, TryAgain, or
    BadInput for a line that is no turn.
    """
    taken = _taken(name, until, limit_s)
    try:
        yield taken
    finally:
        taken.close()


def look(name: str) -> Thread:
    """What the file called `name` holds, without its lock; nothing if there is none. Raises
    CannotCreate for what could not be held either, and BadInput."""
    try:
        descriptor = _opened(os.path.realpath(name), create=False)
    except FileNotFoundError:
        folder = os.path.dirname(os.path.realpath(name))
        if not os.path.isdir(folder):
            raise _cannot(name, OSError(errno.ENOENT, "")) from None
        return Thread()
    except (OSError, ValueError) as error:
        raise _cannot(name, error) from None
    try:
        return _load(name, descriptor)[0]
    finally:
        os.close(descriptor)


def _taken(name: str, until: float, limit_s: float) -> Held:
    """Who waited may hold the lock of a file that was taken away meanwhile: it is sought again."""
    path = os.path.realpath(name)
    while True:
        try:
            new = not os.path.exists(path)
            descriptor = _opened(path, create=True)
        except (OSError, ValueError) as error:
            raise _cannot(name, error) from None
        try:
            _lock(name, descriptor, (until, limit_s))
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    return Held(name, path, descriptor, new)
        except OSError as error:
            os.close(descriptor)
            raise _cannot(name, error) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _opened(path: str, create: bool) -> int:
    """A descriptor of a regular file; OSError for anything else. A FIFO is not waited for."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if create else os.O_RDONLY
    with suppress(FileNotFoundError):
        kind = os.stat(path).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "is no regular file")
    return os.open(path, flags | system.NONBLOCK | system.BINARY, 0o600)


def _lock(name: str, descriptor: int, patience: tuple[float, float]) -> None:
    try:
        locks.take(descriptor)
    except BlockingIOError:
        output.terminal_note(f"waiting for the turn of another process in {name}")
        try:
            with deadline.alarm(*patience):
                locks.wait(descriptor, patience[0])
        except (TryAgain, BlockingIOError):
            raise TryAgain(
                "thread_busy", f'the conversation "{name}" is held by another process',
                "run it again, or raise --timeout",
            ) from None  # fmt: skip


def _load(name: str, descriptor: int) -> tuple[Thread, int]:
    """What the file holds, and its size."""
    size = os.fstat(descriptor).st_size
    if size > LARGEST:
        message = f"{name}: {size:,} bytes, of {LARGEST:,} that a conversation may have"
        raise BadInput("bad_thread", message, "begin another, or keep its last lines (tail -n)")
    with open(descriptor, "rb", closefd=False) as file:
        raw = file.read()
    try:
        return thread.parse(raw), len(raw)
    except ValueError as error:
        hint = "nothing was changed: mend the line, or take it out"
        raise BadInput("bad_thread", f"{name}:{error}", hint) from None


def _sync(descriptor: int) -> None:
    system.sync_data(descriptor)


def _cannot(name: str, error: OSError | ValueError) -> CannotCreate:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EISDIR:
        return CannotCreate("is_directory", f'"{name}" is a directory')
    if code == errno.ENOENT:
        return CannotCreate("no_directory", f'the directory of "{name}" does not exist')
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CannotCreate("no_permission", f'"{name}" may not be read and written')
    why = reason(error, "not a file name")
    return CannotCreate("cannot_create", f'the conversation "{name}": {why}')
