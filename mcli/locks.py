"""EDGE: locks of whole files, which end with their descriptor, so also with their process.

On Windows nobody else can read what is locked: there the lock is on a byte behind all files' ends.
"""

from __future__ import annotations

import os
import time
from importlib import import_module
from typing import Any

try:
    import fcntl as _fcntl
except ImportError:  # Windows
    _fcntl = None

_FAR = 1 << 30
_POLL_S = 0.05


def take(descriptor: int) -> None:
    """Lock it now. Raises BlockingIOError if somebody else has it, and OSError where the file
    system has no locks."""
    if _fcntl is not None:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        return
    try:
        _at_the_far_byte(descriptor, "LK_NBLCK")
    except PermissionError as error:
        raise BlockingIOError(error.errno, "somebody else has it") from None


def wait(descriptor: int, until: float | None = None) -> None:
    """Lock it as soon as it is free. A signal may end the wait, but Windows has none for that: so
    there BlockingIOError comes when the monotonic clock reaches `until`."""
    if _fcntl is not None:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX)
        return
    while True:
        try:
            take(descriptor)
            return
        except BlockingIOError:
            if until is not None and time.monotonic() >= until:
                raise
            time.sleep(_POLL_S)


def give_back(descriptor: int) -> None:
    """Let others have it."""
    if _fcntl is not None:
        _fcntl.flock(descriptor, _fcntl.LOCK_UN)
    else:
        _at_the_far_byte(descriptor, "LK_UNLCK")


def _at_the_far_byte(descriptor: int, how: str) -> None:
    """msvcrt locks from where the descriptor stands; where that is stays as it was."""
    msvcrt: Any = import_module("msvcrt")
    stood = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, getattr(msvcrt, how), 1)
    finally:
        os.lseek(descriptor, stood, os.SEEK_SET)
