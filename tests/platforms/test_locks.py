"""Locks where there is no fcntl: msvcrt's, by one that locks in a file as that does."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from mcli import locks


class Msvcrt:
    """What is locked, by which descriptor. `seen` is where each stood that asked."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        self.held: dict[int, int] = {}
        self.seen: list[int] = []

    def locking(self, descriptor: int, how: int, count: int) -> None:
        assert count == 1
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        self.seen.append(at)
        if how == self.LK_UNLCK:
            assert self.held.pop(at) == descriptor
        elif self.held.setdefault(at, descriptor) != descriptor:
            raise PermissionError(errno.EACCES, "Permission denied")


@pytest.fixture
def msvcrt(monkeypatch: pytest.MonkeyPatch) -> Msvcrt:
    made = Msvcrt()
    monkeypatch.setattr(locks, "_fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", made)
    return made


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """One file, opened twice; the first descriptor stands behind its third byte."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    one, other = (os.open(path, os.O_RDWR) for _ in range(2))
    os.lseek(one, 3, os.SEEK_SET)
    yield one, other
    os.close(one)
    os.close(other)


def test_one_at_a_time(msvcrt: Msvcrt, two: tuple[int, int]) -> None:
    locks.take(two[0])
    with pytest.raises(BlockingIOError):
        locks.take(two[1])
    locks.give_back(two[0])
    locks.take(two[1])


def test_the_byte_is_one_that_nobody_reads_and_the_place_stays(
    msvcrt: Msvcrt, two: tuple[int, int]
) -> None:
    locks.take(two[0])
    locks.give_back(two[0])

    assert os.lseek(two[0], 0, os.SEEK_CUR) == 3
    assert min(msvcrt.seen) >= 1 << 30


def test_who_waits_gets_it_when_it_is_free(
    msvcrt: Msvcrt, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    locks.take(two[0])
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        locks.give_back(two[0])

    monkeypatch.setattr(locks, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: 0.0))
    locks.wait(two[1], until=1.0)

    assert len(waits) == 1


def test_nobody_waits_beyond_his_time(msvcrt: Msvcrt, two: tuple[int, int]) -> None:
    locks.take(two[0])

    with pytest.raises(BlockingIOError):
        locks.wait(two[1], until=time.monotonic())


def test_another_failure_is_no_lock_of_somebody(
    msvcrt: Msvcrt, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EINVAL, "no locks here")

    monkeypatch.setattr(msvcrt, "locking", refuse)

    with pytest.raises(OSError, match="no locks here") as caught:
        locks.take(two[0])
    assert not isinstance(caught.value, BlockingIOError)
