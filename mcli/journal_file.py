"""EDGE: the file of a batch's journal: opened and locked for one process, and read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mcli import locks, system
from mcli.errors import CannotCreate, TryAgain, reason

PIECE = 64 << 10
"""Bytes that are read at a time."""

_FLAGS = (
    os.O_RDWR | os.O_APPEND | os.O_CREAT | system.CLOEXEC | system.NOFOLLOW | system.NONBLOCK
    | system.NOCTTY | system.BINARY
)  # fmt: skip
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_ELSEWHERE = "--journal FILE on a local disk"


def take(path: str) -> int:
    """A descriptor of the file at `path`, whose lock is ours until it is closed; it is made, for
    its owner alone, if there is none. Raises CannotCreate, or TryAgain if somebody holds it."""
    while True:
        try:
            descriptor = _opened(path)
        except (OSError, ValueError) as error:
            raise _cannot(path, error) from None
        try:
            _lock(path, descriptor)
            # Who held it may have taken the file away since it was opened: then it is no journal.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                    return descriptor
        except OSError as error:
            os.close(descriptor)
            raise _cannot(path, error) from None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def pieces(descriptor: int, at: int = 0) -> Iterator[bytes]:
    """The bytes of the file from the offset `at` on. Raises OSError."""
    while piece := system.pread(descriptor, PIECE, at):
        yield piece
        at += len(piece)


def line_at(descriptor: int, at: int) -> bytes:
    """The line that begins at that byte, without its line break. Raises OSError."""
    held: list[bytes] = []
    for piece in pieces(descriptor, at):
        line, ended, _ = piece.partition(b"\n")
        held.append(line)
        if ended:
            break
    return b"".join(held)


def _opened(path: str) -> int:
    """A descriptor of a regular file; OSError for anything else. To open a device may do
    something, and a FIFO would wait: neither is tried."""
    with suppress(FileNotFoundError):
        _refuse_special(os.lstat(path).st_mode)
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        _refuse_special(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_special(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a link")
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, "is a directory")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "is no regular file")


def _lock(path: str, descriptor: int) -> None:
    try:
        locks.take(descriptor)
    except BlockingIOError:
        raise TryAgain(
            "journal_busy", f'the journal "{path}" is in use by {_holder(descriptor)}',
            "run it again when that has ended",
        ) from None  # fmt: skip
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        why = f'the journal "{path}": its file system has no locks, so two runs could pay twice'
        raise CannotCreate("cannot_create", why, _ELSEWHERE) from None


def _holder(descriptor: int) -> str:
    """Who has the lock, as far as the system says."""
    inode = str(os.fstat(descriptor).st_ino)
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()  # `1: FLOCK ADVISORY WRITE 708 08:01:1234 0 EOF`
            if words[1:2] == ["FLOCK"] and words[5].rpartition(":")[2] == inode:
                return f"process {words[4]}"
    return "another process"


def _cannot(path: str, error: OSError | ValueError) -> CannotCreate:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EISDIR:
        return CannotCreate("is_directory", f'"{path}" is a directory')
    if code == errno.ENOENT:
        return CannotCreate("no_directory", f'the directory of "{path}" does not exist')
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CannotCreate("no_permission", f'"{path}" may not be read and written')
    if code == errno.ELOOP:
        why = f'the journal "{path}" is a link, and none is followed'
        return CannotCreate("cannot_create", why, "name the file itself")
    why = reason(error, "not a file name")
    return CannotCreate("cannot_create", f'the journal "{path}": {why}')
