"""EDGE: what is kept between runs (`$XDG_STATE_HOME/mcli`), for its owner alone.

Everything here raises OSError where it cannot be done; who calls decides whether that matters.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mcli import folders, homes, locks, system
from mcli.folders import Folder

_SALT_BYTES = 32
_SAFELY = system.NOFOLLOW | system.CLOEXEC | system.NONBLOCK | system.NOCTTY
"""No link is followed, and no FIFO waited for."""
_POLL_S = 0.002
_LONG_S = 1.0


def folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_STATE_HOME/mcli`, by default below `~/.local/state`. OSError where there is no home."""
    return _below(environ, "XDG_STATE_HOME", ".local/state")


def cache(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/mcli`, by default below `~/.cache`, for what can be had again. OSError where
    there is no home."""
    return _below(environ, "XDG_CACHE_HOME", ".cache")


def _below(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    return Path(homes.below(environ, variable, usual, system.home(environ)))


@contextmanager
def opened(path: Path, *, make: bool) -> Generator[Folder]:
    """The folder `path`, held open; it, and what is missing above it, is made if need be."""
    if make:
        missing = [each for each in (path, *path.parents) if not os.path.lexists(each)]
        for each in reversed(missing):
            each.mkdir(0o700, exist_ok=True)
    with folders.opened(path) as place:
        # By `sudo` with the caller's HOME, files would be made here that the caller cannot write.
        if not system.is_mine(place.status()):
            raise OSError(errno.EPERM, "it belongs to somebody else")
        yield place


def open_file(place: Folder, name: str, *, write: bool) -> int:
    """A descriptor of the regular file `name`; to write is to append, and makes it if need be."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if write else os.O_RDONLY
    descriptor = place.open(name, flags | _SAFELY)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if write and stat.S_IMODE(status.st_mode) != 0o600:
            system.set_mode(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(descriptor: int, wait_s: float = 0.0) -> bool:
    """Whether this process has the lock of that file now, waiting so long at most."""
    until = time.monotonic() + wait_s
    while True:
        try:
            locks.take(descriptor)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_S)


def unlock(descriptor: int) -> None:
    """Give the lock of that file back."""
    locks.give_back(descriptor)


def fingerprint(key: str, environ: Mapping[str, str]) -> str:
    """16 characters that stand for `key` on this machine, and tell nobody what it is.

    A key of few possibilities could be found by trying all; so the hash is keyed with a random
    salt, which lies beside the ledger and is as private as it.
    """
    with opened(folder(environ), make=True) as place:
        salt = _salt(place)
    raw = key.encode("utf-8", "surrogateescape")
    return hashlib.blake2b(raw, key=salt, digest_size=8).hexdigest()


def _salt(place: Folder) -> bytes:
    """Random bytes, made by the first who wants them. An empty file is one that was not filled yet,
    or that a power cut emptied in its first seconds."""
    descriptor = open_file(place, "salt", write=True)
    try:
        salt = system.pread(descriptor, _SALT_BYTES, 0)
        if not salt and is_locked(descriptor, _LONG_S):
            salt = system.pread(descriptor, _SALT_BYTES, 0)
            if not salt:
                salt = os.urandom(_SALT_BYTES)
                os.write(descriptor, salt)
    finally:
        os.close(descriptor)
    if len(salt) != _SALT_BYTES:
        raise OSError(errno.EINVAL, "the salt is damaged")
    return salt
