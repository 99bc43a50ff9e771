"""A loopback server that misbehaves on purpose: raw sockets, one scripted reply per request.

It runs in a thread of the test process and knows nothing of HTTP replies: a `Reply` is the bytes
to send, the pauses between them, and how the connection ends. Replies in words: `scenes`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

import pytest

HOST = "127.0.0.1"
REQUEST_CAP = 64 * 2**20
"""Bytes of one request that are kept; a test that sends more is a mistake in the test."""


class End(Enum):
    """How a reply ends, where it does not leave the connection open for the next request."""

    FIN = "fin"
    """an orderly close: the client reads the end of the stream"""
    RST = "rst"
    """a reset: the client reads ECONNRESET"""
    STALL = "stall"
    """nothing more is sent, and the connection stays open"""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds before the next step."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Forever:
    """Send `piece` again and again, `every` so many seconds, until the client has left."""

    piece: bytes
    every: float = 0.0


Step = bytes | Pause | Forever | End


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request gets: the steps in order; without an `End` the connection stays open.

    `reads_body=False` answers as soon as the request's head is there and leaves the body unread.
    """

    steps: tuple[Step, ...]
    reads_body: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived. `body` is the parsed JSON, None if it was not read or is none."""

    at: float
    """`time.monotonic()` when it had been read"""
    connection: int
    """the how-manieth connection it came over, from 1"""
    method: str
    path: str
    headers: dict[str, str]
    """names in lower case; a repeated header is joined with a comma"""
    raw: bytes
    body: Any

    @property
    def fields(self) -> dict[str, Any]:
        """The body if it is a JSON object, else nothing."""
        return self.body if isinstance(self.body, dict) else {}  # pyright: ignore


Scene = Reply | Callable[[Seen], Reply]
"""A reply, or a function that makes it from the request."""
Script = Scene | Sequence[Scene]
"""What is played: scene n for attempt n; the last one is repeated."""


class FaultyServer:
    """Plays a script on a free loopback port until it is closed; a context manager.

    A `shut` door refuses every connection to the port, a `jammed` one leaves every caller without
    an answer. What it saw: `requests`, `connections` accepted, and `answered`, the monotonic time
    just before each reply began.
    """

    def __init__(self, script: Script, *, door: str = "open") -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        self.answered: list[float] = []
        self._scenes = _scenes(script)
        self._played = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # A small window: a client whose body is not read notices it after a few kilobytes.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._socket.bind((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="faulty-server", daemon=True)
        self._crowd: list[socket.socket] = []
        self._peers: list[socket.socket] = []
        if door == "open":
            self._socket.listen(128)
            self._socket.setblocking(False)
            self._thread.start()
        elif door == "jammed":
            self._jam()

    @property
    def base_url(self) -> str:
        """What a profile's `base_url` must be to reach this server."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def running(self) -> bool:
        """Whether it still serves."""
        return self._thread.is_alive()

    def play(self, script: Script) -> None:
        """Begin again with another script; what was seen so far is forgotten."""
        self._scenes, self._played = _scenes(script), 0
        self.requests.clear()
        self.answered.clear()

    def close(self) -> None:
        """Drop every connection, stalled ones too, and free the port."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._cancel)
            self._thread.join(10)
        for each in (self._socket, *self._crowd, *self._peers):  # a task may not have begun
            each.close()
        if not self._loop.is_running():
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _jam(self) -> None:
        """Fill the queue of a port where nobody accepts: the kernel drops what comes then."""
        self._socket.listen(0)
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex((HOST, self.port))
            self._crowd.append(caller)

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._accept())

    def _cancel(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    async def _accept(self) -> None:
        caller = asyncio.Event()
        self._loop.add_reader(self._socket, caller.set)
        try:
            while True:
                await caller.wait()
                caller.clear()
                try:
                    # Not by the loop: whom it accepts as it is cancelled nobody would close.
                    peer, _ = self._socket.accept()
                except (BlockingIOError, ConnectionAbortedError):
                    continue
                self._peers.append(peer)
                self.connections += 1
                task = self._loop.create_task(self._serve(peer, self.connections))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            self._loop.remove_reader(self._socket)
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, peer: socket.socket, number: int) -> None:
        """Answer one connection's requests until a reply, or the client, ends it."""
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = _Reader(self._loop, peer, number)
        try:
            with suppress(OSError, EOFError):
                while await self._answer(peer, reader):
                    pass
        finally:
            peer.close()

    async def _answer(self, peer: socket.socket, reader: _Reader) -> bool:
        """Play the next scene; True if the connection stays open for another request."""
        await reader.wait()
        scene = self._scenes[min(self._played, len(self._scenes) - 1)]
        self._played += 1
        reads_body = scene.reads_body if isinstance(scene, Reply) else True
        seen = await reader.request(whole=reads_body)
        self.requests.append(seen)
        reply = scene if isinstance(scene, Reply) else scene(seen)
        self.answered.append(time.monotonic())
        return await self._perform(peer, reply.steps)

    async def _perform(self, peer: socket.socket, steps: Sequence[Step]) -> bool:
        for step in steps:
            match step:
                case bytes():
                    await self._loop.sock_sendall(peer, step)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Forever(piece, every):
                    while True:
                        await self._loop.sock_sendall(peer, piece)
                        await asyncio.sleep(every)  # also the only place where it can be stopped
                case End.FIN:
                    await _finish(self._loop, peer)
                    return False
                case End.RST:
                    linger = struct.pack("ii", 1, 0)  # on, 0 s: close() sends RST
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return False
                case End.STALL:
                    await asyncio.Event().wait()
        return True


class _Reader:
    """Reads requests from one connection; what was read too far belongs to the next one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, peer: socket.socket, number: int) -> None:
        self._loop, self._peer, self._number = loop, peer, number
        self._held = bytearray()

    async def wait(self) -> None:
        """Return as soon as the next request has begun to arrive."""
        if not self._held:
            await self._more()

    async def request(self, *, whole: bool) -> Seen:
        """The next request, its body too if `whole`."""
        while b"\r\n\r\n" not in self._held:
            await self._more()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        method, path, headers = _parse_head(bytes(head))
        length = int(headers.get("content-length", "0")) if whole else 0
        while len(self._held) < length:
            await self._more()
        raw = bytes(self._held[:length])
        del self._held[:length]
        return Seen(time.monotonic(), self._number, method, path, headers, raw, _parse_body(raw))

    async def _more(self) -> None:
        data = await self._loop.sock_recv(self._peer, 65536)
        if not data or len(self._held) > REQUEST_CAP:
            raise EOFError
        self._held += data


async def _finish(loop: asyncio.AbstractEventLoop, peer: socket.socket) -> None:
    """Send FIN and read what the client still sends: closing over unread bytes would send RST."""
    peer.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(peer, 65536):
        pass


def _scenes(script: Script) -> list[Scene]:
    return [script] if isinstance(script, Reply) or callable(script) else list(script)


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return method, path, headers


def _parse_body(raw: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(raw)
    return None


@pytest.fixture
def serve() -> Iterator[Callable[[Script], FaultyServer]]:
    """Start any number of servers in a test: `serve(ok("Hi")).base_url`; closed after it."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(FaultyServer(script))
