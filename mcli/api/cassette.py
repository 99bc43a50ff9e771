"""EDGE: recordings: a wire that keeps what came over it, and one that has nothing behind it.

`--record` adds to a file under a lock and replaces it whole, so that processes side by side lose
nothing and a killed one leaves it as it was. `--replay` opens the file and nothing else.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from mcli import locks, outfile, system
from mcli.api import nearest, recording
from mcli.api.recording import Entry, Heard
from mcli.api.wire import Call, Opener, Reply, Wire
from mcli.errors import (
    CannotCreate,
    ConfigFailure,
    Failure,
    NoInput,
    Recovery,
    TryAgain,
    WriteFailure,
    reason,
)
from mcli.shapes import replace

LOCK_S = 30.0
"""How long the file is waited for; a writer holds it for as long as a sync takes."""

_POLL_S = 0.01


def replayed(name: str) -> Opener:
    """Answers from the file called `name`. Raises NoInput or ConfigFailure."""
    player = Player(name)
    return lambda url: nullcontext(player)


def recorded(name: str, live: Opener) -> Opener:
    """The answers of `live`, added to the file called `name`. Whatever is wrong with that is known
    before a call is made: raises NoInput, ConfigFailure or CannotCreate."""
    outfile.check(name, no_clobber=False)
    if os.path.exists(name):
        if not os.path.isfile(name):
            raise CannotCreate("cannot_create", f'"{name}" is no file that can be added to')
        load(name)
    return lambda url: Recorder(name, live(url))


def load(name: str) -> list[Entry]:
    """The entries of the file called `name`, in its order. Raises NoInput or ConfigFailure."""
    try:
        raw = Path(name).read_bytes()
    except (OSError, ValueError) as error:
        why = reason(error, "not a file name")
        raise NoInput("unreadable", f'the recording "{name}": {why}') from None
    return _parsed(raw, name)


class Player:
    """A wire to a recording: the k-th equal request gets the k-th reply, then always the last.

    It opens no connection, so it may be opened any number of times; the counts are of the process.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._entries = load(name)
        self._replies = _by_key(self._entries)
        self._played: Counter[str] = Counter()

    @asynccontextmanager
    async def reply(self, call: Call) -> AsyncGenerator[Reply]:
        """The reply that was recorded for `call`. ConfigFailure if there is none."""
        request = recording.request_of(call)
        key = recording.key_of(request)
        if key not in self._replies:
            raise self._missing(request)
        place = min(self._played[key], len(self._replies[key]) - 1)
        self._played[key] += 1
        told = self._replies[key][place].reply
        async with aclosing(_played(told)) as pieces:
            host = urlsplit(call.url).netloc
            streamed = True if "events" in told else None
            yield Reply(told["status"], told.get("headers", {}), pieces, host, streamed)

    def _missing(self, request: dict[str, object]) -> ConfigFailure:
        message = f'"{self._name}" has no reply to this request'
        alike = [entry for entry in self._entries if entry.request["path"] == request["path"]]
        if alike:
            found, words = nearest.differences(request, alike)
            message += f"; in the nearest, line {found.number}, {words}"
        else:
            message += f", nor to any other to {request['path']}"
        return ConfigFailure("not_recorded", message, "record it with --record")


class Recorder:
    """A wire, with the last reply to each request kept in a file when it is closed.

    Only that one is final; those before it were asked again. What did not come whole is not kept.
    """

    def __init__(self, name: str, wire: AbstractAsyncContextManager[Wire]) -> None:
        self._name = name
        self._wire = wire
        self._kept: dict[str, Entry] = {}

    async def __aenter__(self) -> Recorder:
        self._inner = await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._wire.__aexit__(kind, error, traceback)
        if self._kept and (error is None or isinstance(error, Failure)):
            await add(self._name, self._kept.values())

    @asynccontextmanager
    async def reply(self, call: Call) -> AsyncGenerator[Reply]:
        """The reply of the server to `call`."""
        request = recording.request_of(call)
        key = recording.key_of(request)
        self._kept.pop(key, None)
        async with self._inner.reply(call) as reply:
            tee = _Tee(reply.pieces)
            try:
                async with aclosing(tee.pieces()) as pieces:
                    yield replace(reply, pieces=pieces)
            except Failure as failure:
                if _is_whole(reply.status, tee, failure):
                    self._kept[key] = recording.entry(request, tee.heard(reply, call))
                raise
            self._kept[key] = recording.entry(request, tee.heard(reply, call))


class _Tee:
    """The pieces of a reply, and a copy of those that were read."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._from = pieces
        self._copy = bytearray()
        self.broke = False

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The pieces as they come."""
        try:
            async for piece in self._from:
                self._copy += piece
                yield piece
        except Failure:
            self.broke = True
            raise

    def heard(self, reply: Reply, call: Call) -> Heard:
        """What was read."""
        streams = recording.asks_stream(call)
        return Heard(reply.status, reply.headers, bytes(self._copy), streams)


def _is_whole(status: int, tee: _Tee, failure: Failure) -> bool:
    """Whether a reply that means `failure` came to its end; of an error the status is enough."""
    if isinstance(failure, WriteFailure):  # ours: reading ended because the screen did
        return False
    cut = isinstance(failure, TryAgain) and failure.recovery is Recovery.CHARGED
    return status >= 300 or not (cut or tee.broke)


async def add(name: str, entries: Iterable[Entry]) -> None:
    """Put `entries` behind those of their requests, in the order of all requests, into the file.

    Raises WriteFailure, ConfigFailure if it is no recording, or TryAgain if others hold it.
    """
    path = Path(os.path.realpath(name))
    try:
        descriptor = await _locked(system.lock_of(path))
        try:
            known = _parsed(path.read_bytes() if path.exists() else b"", name)
            ordered = sorted([*known, *entries], key=attrgetter("key"))  # stable: k stays k
            data = "".join(f"{entry.text}\n" for entry in ordered).encode()
            outfile.replace(path, data, private=True)
        finally:
            os.close(descriptor)
    except OSError as error:
        why = reason(error, "cannot be written")
        raise WriteFailure("write_failed", f'the recording "{name}": {why}') from None


async def _locked(path: Path) -> int:
    """A descriptor that holds the lock of the file that `path` names now (`system.lock_of`).

    Who waited may hold the lock of a file that was replaced meanwhile: then it is sought again.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + LOCK_S
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | system.CLOEXEC | system.BINARY, 0o600)
        try:
            locks.take(descriptor)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError:
            if clock() > until:
                os.close(descriptor)
                raise TryAgain(
                    "lock_busy", f'the recording "{path}" is held by another process',
                    "run it again", charged="yes",
                ) from None  # fmt: skip
            await asyncio.sleep(_POLL_S)
        os.close(descriptor)


def _parsed(raw: bytes, name: str) -> list[Entry]:
    entries: list[Entry] = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.strip():
            try:
                entries.append(recording.parse(line, number))
            except ValueError as error:
                message = f"{name}:{number}: this is no line of a recording: {error}"
                hint = "mend it, or record it anew"
                raise ConfigFailure("bad_recording", message, hint) from None
    return entries


def _by_key(entries: list[Entry]) -> dict[str, list[Entry]]:
    ordered = sorted(entries, key=attrgetter("key"))
    return {key: list(group) for key, group in groupby(ordered, attrgetter("key"))}


async def _played(reply: dict[str, object]) -> AsyncGenerator[bytes]:
    for piece in recording.pieces(reply):
        yield piece
