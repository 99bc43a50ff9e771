"""EDGE: a file that is written whole or not at all (`-o`)."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mcli import locks, output, redaction, system
from mcli.errors import CannotCreate, ReaderGone, WriteFailure, reason

_DRAFT = os.O_RDWR | os.O_CREAT | system.NOFOLLOW | system.CLOEXEC | system.BINARY


def is_stdout(path: str | None) -> bool:
    """Whether `path` is another word for stdout: none, `-`, /dev/stdout, or what it is sent to."""
    if path in (None, "-"):
        return True
    try:
        return os.path.samestat(os.stat(str(path)), os.fstat(output.STDOUT)) and not _is_null(path)
    except (OSError, ValueError):
        return False


def check(path: str, no_clobber: bool) -> None:
    """Everything that can be known before a request is paid for. Raises CannotCreate."""
    try:
        _check(path, no_clobber)
    except (OSError, ValueError) as error:
        why = reason(error, "not a file name")
        raise CannotCreate("cannot_create", f'"{path}": {why}') from None


def is_special(path: str) -> bool:
    """Whether it is a device, FIFO or socket, also by way of /dev/fd."""
    target = Path(path)
    return target.exists() and not (target.is_file() or target.is_dir())


def write(path: str, content: str, no_clobber: bool) -> None:
    """`content`, ended by a line break, as the file `path`.

    A regular file is replaced in one step and keeps its mode; a link's target is replaced, not the
    link; a device or FIFO is opened and written. On any failure the old file is as it was.
    """
    ended = content if content.endswith("\n") else content + "\n"
    with _told(path):
        if is_special(path):
            _pass_on(path, ended)
        else:
            fresh = path if no_clobber else ""
            replace(Path(os.path.realpath(path)), output.to_bytes(ended), fresh=fresh)


def fill(path: str, source: BinaryIO, no_clobber: bool) -> None:
    """All that is in `source` as the regular file `path`, as `write` does it."""
    source.seek(0)
    with _told(path):
        replace(Path(os.path.realpath(path)), source, fresh=path if no_clobber else "")


@contextmanager
def _told(path: str) -> Generator[None]:
    try:
        yield
    except ReaderGone:
        raise WriteFailure("write_failed", f'"{path}": its reader has gone') from None
    except OSError as error:
        why = reason(error, "cannot be written")
        raise WriteFailure("write_failed", f'"{path}": {why}', "nothing was replaced") from None


def _check(path: str, no_clobber: bool) -> None:
    target = Path(os.path.realpath(path))
    # Path.stat tells what is wrong with a name; Path.exists says only "no".
    with suppress(FileNotFoundError):
        target.stat()
    if target.is_dir() or path.endswith(os.sep):
        raise CannotCreate("is_directory", f'"{path}" is a directory')
    if is_special(path):
        return
    if target.exists() and no_clobber:
        raise _exists(path)
    if target.exists() and not os.access(target, os.W_OK):
        raise CannotCreate("no_permission", f'"{path}" may not be written')
    if not target.parent.is_dir():
        raise CannotCreate("no_directory", f'the directory of "{path}" does not exist')
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise CannotCreate("no_permission", f'the directory of "{path}" may not be written')
    if target.exists() and _is_anothers(target):
        raise CannotCreate("no_permission", f'"{path}" belongs to somebody else')


def _is_anothers(target: Path) -> bool:
    """Whether its sticky directory, such as /tmp, keeps `target` from all but its owner."""
    folder = target.parent.stat()
    owners = (0, folder.st_uid, target.stat().st_uid)
    return bool(folder.st_mode & stat.S_ISVTX) and os.geteuid() not in owners


def _pass_on(path: str, content: str) -> None:
    """Write to a device or FIFO; a terminal gets control characters as visible text."""
    with open(path, "wb", buffering=0) as device:
        content = redaction.visible(content) if device.isatty() else content
        output.write_all(device.fileno(), output.to_bytes(content), f'"{path}"')


def replace(
    target: Path, data: bytes | BinaryIO, *, private: bool = False, fresh: str = ""
) -> None:
    """Write beside `target`, sync, rename. A new file that is `private` is its owner's alone;
    `fresh` (the path as given) forbids replacing. Raises OSError.
    """
    with undisturbed():
        descriptor, name = _draft(target)
        with ExitStack() as held:
            held.callback(os.close, descriptor)
            try:
                _pour(data, descriptor)
                system.set_mode(descriptor, _mode(target, private))
                os.fsync(descriptor)
                system.before_naming(held.close)
                if fresh:
                    _link(name, target, fresh)
                    os.unlink(name)
                else:
                    os.replace(name, target)
            except BaseException:
                # Only now: once it is renamed, the name may be somebody else's.
                system.before_naming(held.close)
                os.unlink(name)
                raise
        sync_directory(target.parent)


def _pour(data: bytes | BinaryIO, descriptor: int) -> None:
    with open(descriptor, "wb", closefd=False) as file:
        if isinstance(data, bytes):
            file.write(data)
        else:
            shutil.copyfileobj(data, file, 1 << 20)


def _draft(target: Path) -> tuple[int, str]:
    """An empty file beside `target` to write in: its descriptor and name.

    The name follows from the target's: what a run that was killed left is taken up by the next,
    and none pile up. The lock tells such a leftover from a file that another process is writing;
    then, and where the leftover is not ours, any name will do.
    """
    name = str(target.with_name(f".mcli-{zlib.crc32(os.fsencode(target.name)):08x}"))
    with suppress(OSError):
        descriptor = os.open(name, _DRAFT, 0o600)
        try:
            locks.take(descriptor)
            status = os.fstat(descriptor)
            ours = system.is_mine(status) and status.st_nlink == 1
            # While it was being locked, its writer may have renamed it: then it is a finished file.
            if ours and os.path.samestat(status, os.lstat(name)):
                system.set_mode(descriptor, 0o600)
                os.ftruncate(descriptor, 0)
                return descriptor, name
        except OSError:
            pass
        os.close(descriptor)
    return tempfile.mkstemp(prefix=".mcli-", dir=target.parent)


def _link(name: str, target: Path, path: str) -> None:
    """Give the finished file its name only if nobody took it since it was checked."""
    try:
        os.link(name, target)
    except FileExistsError:
        raise _exists(path) from None


def _mode(target: Path, private: bool) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        if private:
            return 0o600
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def sync_directory(directory: Path) -> None:
    """Make the new name survive a power cut; some filesystems cannot, and that is no failure."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def undisturbed() -> Generator[None]:
    """Hold signals back for the moment a temporary file exists, so that none is ever left."""
    with system.held_back():
        yield


def _is_null(path: str | None) -> bool:
    """/dev/null is nobody's stdout: who sends both there means neither."""
    return path is not None and os.path.samestat(os.stat(path), os.stat(os.devnull))


def _exists(path: str) -> CannotCreate:
    return CannotCreate("exists", f'"{path}" exists', "leave out --no-clobber to replace it")
