"""EDGE: the code of an answer given to its language's checker, which parses it and never runs it.

A checker is a process in a group of its own, with a time limit, a bound on its memory, and an
environment that has neither keys nor a home. Where there is none, where it is broken, and where it
does not end, the code is not checked, which is no failure. In a batch only a few run at a time: of
hundreds side by side none would be done in its time, and broken code would pass for unchecked.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import time
from collections import Counter
from contextlib import suppress
from weakref import WeakKeyDictionary

from mcli import checkers, offspring, output, redaction, system
from mcli.checkers import Checker
from mcli.shapes import frozen, mutable
from mcli.syntax import CANNOT_TELL

LIMIT_S = 10.0
"""The longest time, and that of the processor, for one piece of code."""
AT_ONCE = min(os.cpu_count() or 1, 8)
"""Pieces of code that are checked side by side: a checker keeps a core busy, and takes descriptors,
of which `descriptors.SPARE` are set aside."""
MEMORY = 1 << 30
MOST_SAID = 1000
"""Characters of a checker's message that are told."""
_READ = 1 << 16
_GRACE_S = 1.0
_CANNOT_RUN = 126
_CRASHED = 4
"""What gcc ends with when its compiler did not end well."""
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_LAUNCH = """
import os, resource, sys
seconds, memory = map(int, sys.argv[1:3])
limits = [(resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)]
for limit, most in limits + [(resource.RLIMIT_AS, memory)] * bool(memory):
    try:
        resource.setrlimit(limit, (most, most))
    except (ValueError, OSError):
        pass
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Limits, then the checker: limits that are set in between would not hold for what it starts."""
_SYNTAX = "import sys; sys.path.append(sys.argv.pop(1)); from mcli.syntax import main; main()"

_SUSPECT = 3
"""So many pieces of code must one program not have ended with before it is looked at itself."""


@mutable
class _Room:
    """Where checkers run: whose turn it is, how often each program did not end, and those that do
    not end with good code either, for which nobody waits again."""

    turn: asyncio.Semaphore
    late: Counter[str]
    hung: set[str]


_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, _Room] = WeakKeyDictionary()
"""One for an event loop."""


@frozen
class Verdict:
    """Whether the code is well formed, or None if nobody can tell: then `said` is why, if there is
    a reason to warn; where it is not, `said` is the word of `tool`."""

    passed: bool | None
    tool: str = ""
    said: str = ""


async def verdict(named: str, code: str, wanted: str, until: float) -> Verdict:
    """What the checker of its language says of `code`, at the moment `until` of the monotonic clock
    at the latest. `named` is the language of its fence, `wanted` what a person asked for."""
    checker = checkers.find(named, code, wanted)
    if system.WINDOWS:
        return Verdict(None, "", "Windows has no limits for checkers" if checker else "")
    command = _command(checker) if checker else None
    if checker is None or command is None:
        return Verdict(None)
    tool = os.path.basename(checker.program)
    room = _rooms.setdefault(
        asyncio.get_running_loop(), _Room(asyncio.Semaphore(AT_ONCE), Counter(), set())
    )
    try:
        async with asyncio.timeout(max(until - time.monotonic(), 0.1)):
            await room.turn.acquire()
    except TimeoutError:
        return _late(tool)
    try:
        if tool in room.hung:
            return _late(tool)
        told = await _judged(checker, command, code, until)
        if told == _late(tool):
            await _suspect(checker, command, room)
        return told
    finally:
        room.turn.release()


def _late(tool: str) -> Verdict:
    return Verdict(None, tool, f"{tool} did not end in time")


async def _suspect(checker: Checker, command: list[str], room: _Room) -> None:
    """Is it the code, or the program? Who has hundreds of records is not to wait for each."""
    tool = os.path.basename(checker.program)
    room.late[tool] += 1
    if room.late[tool] == _SUSPECT:
        until = time.monotonic() + LIMIT_S
        status, _ = await _run([*command, *checker.tries[0]], checker, checker.good, until)
        if status is None:
            room.hung.add(tool)


async def _judged(checker: Checker, command: list[str], code: str, until: float) -> Verdict:
    tool = os.path.basename(checker.program)
    until = min(until, time.monotonic() + LIMIT_S)
    said = ""
    for flags in checker.tries:
        status, told = await _run([*command, *flags], checker, checker.prepare(code), until)
        if status == 0:
            return Verdict(True, tool)
        if status is None:
            return _late(tool)
        broken = status < 0 or status in (CANNOT_TELL, _CRASHED, _CANNOT_RUN, _CANNOT_RUN + 1)
        if broken and status != checker.wrong:
            return Verdict(None, tool, f"{tool} could not check it (status {status})")
        said = said or told
    if checker.undecided and re.search(checker.undecided, said):
        return Verdict(None)
    if tool in checkers.OURS:
        return Verdict(False, tool, said)
    status, _ = await _run([*command, *checker.tries[0]], checker, checker.good, until)
    if status != 0 or not said:
        return Verdict(None, tool, f"{tool} does not work here")
    return Verdict(False, tool, said)


def _command(checker: Checker) -> list[str] | None:
    """The command line; None where the program is not installed, or only in a place that depends
    on the current directory."""
    if checker.program in checkers.OURS:
        return [sys.executable, "-I", "-c", _SYNTAX, _ROOT, checker.program]
    path = shutil.which(checker.program)
    return [path, *checker.argv[1:]] if path and os.path.isabs(path) else None


async def _run(
    command: list[str], checker: Checker, code: str, until: float
) -> tuple[int | None, str]:
    """The status (negative: killed by that signal; None: out of time) and what was said."""
    memory = MEMORY if checker.bounded else 0
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(int(LIMIT_S)), str(memory)]
    with offspring.leashed():
        try:
            process = await _born([*launch, *command])
        except OSError:
            return _CANNOT_RUN, ""
        try:
            async with asyncio.timeout(max(until - time.monotonic(), 0.1)):
                said = await _exchange(process, output.to_bytes(code))
                return await process.wait(), _told(said)
        except TimeoutError:
            return None, ""
        finally:
            assert process.stdout is not None
            if process.returncode is None or not process.stdout.at_eof():
                # If it has ended, what it left behind holds its output open.
                offspring.kill(process.pid)
                await _drained(process)
            offspring.groups.discard(process.pid)


async def _born(command: list[str]) -> asyncio.subprocess.Process:
    with offspring.birth():
        process = await asyncio.create_subprocess_exec(
            *command, cwd="/", env=_environment(), start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        offspring.groups.add(process.pid)
        return process


async def _exchange(process: asyncio.subprocess.Process, code: bytes) -> bytes:
    """Give it the code, and take the beginning of what it says; it may say more."""
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = asyncio.ensure_future(_feed(process.stdin, code))
    said = b""
    while piece := await process.stdout.read(_READ):
        said = (said + piece)[:_READ]
    await feeding
    return said


async def _drained(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of one that was killed. asyncio tells of it only when all is read that it
    said; what has left its group may never be silent."""
    assert process.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(_GRACE_S):
            while await process.stdout.read(_READ):
                pass
            await process.wait()


async def _feed(stdin: asyncio.StreamWriter, code: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(code)
        await stdin.drain()
    stdin.close()


def _told(said: bytes) -> str:
    """The first lines of it, without secrets and harmless to show."""
    text = redaction.visible(redaction.redact(said.decode("utf-8", "replace"))).strip()
    return text if len(text) <= MOST_SAID else text[: MOST_SAID - 1] + "…"


def _environment() -> dict[str, str]:
    """Where programs are, and nothing about who calls."""
    words = {"HOME": "/nonexistent", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return {"PATH": os.environ.get("PATH", os.defpath), **words}
