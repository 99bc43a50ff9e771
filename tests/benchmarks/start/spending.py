"""What one process takes: the clock, the processors, and the moment of its first byte."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds from start to end, and of processors, also those of what it started."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Command:
    """A program of the comparison and what it must print somewhere, or it is not measured."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    owes: bytes = b""
    stdin: Path = Path(os.devnull)


def spend(command: Command, folder: Path) -> Spent:
    """One run in `folder`, off a terminal. RuntimeError if it does not do what it owes."""
    out, err = folder / "stdout", folder / "stderr"
    with open(command.stdin, "rb") as given, open(out, "wb") as told, open(err, "wb") as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            command.argv, env=command.env, cwd=folder, stdin=given, stdout=told, stderr=said
        )
        _, status, used = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    check(command, child.returncode, out.read_bytes(), err.read_bytes())
    return Spent(wall_s, used.ru_utime + used.ru_stime)


def first_byte(command: Command, folder: Path) -> int:
    """The moment at which its first byte came through a pipe, in ns of the monotonic clock."""
    err = folder / "stderr"
    with open(err, "wb") as said, open(command.stdin, "rb") as given:
        child = subprocess.Popen(
            command.argv, env=command.env, cwd=folder, stdin=given, stdout=subprocess.PIPE,
            stderr=said,
        )  # fmt: skip
        assert child.stdout is not None
        told = os.read(child.stdout.fileno(), 65536)
        moment = time.monotonic_ns()
        told += child.stdout.read()
        child.stdout.close()
        check(command, child.wait(), told, err.read_bytes())
    return moment


def check(command: Command, status: int, out: bytes, err: bytes) -> None:
    """Whether it did what was asked."""
    if status or command.owes not in out:
        raise RuntimeError(
            f"exit {status}: {' '.join(command.argv)}: {out[-300:]!r} {err[-900:]!r}"
        )
