"""The faults of the comparison with peers: what the server does, and what mcli owes its caller.

They are those that were measured on two peers before mcli was written: the connection, the stream,
the reply, the account, the clock, the three standard streams, and two signals.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from tests.faults.scenes import (
    DONE,
    as_json,
    by_wire,
    chunk,
    chunked,
    completion,
    cut,
    deltas,
    drip,
    dumps,
    endless,
    error,
    event,
    failure,
    hangup,
    html,
    ok,
    stream_ok,
    until_close,
)  # fmt: skip
from tests.faults.server import End, Script

JSON = "application/json"
ANSWER = "Paris."
WORDS = ["word "] * 40_000
"""More than a pipe holds, so that a reader who leaves is noticed."""
HALF = "\ud83d"
"""Half of an emoji: what some servers send when they cut an answer between two UTF-16 units."""


@dataclass(frozen=True, slots=True)
class Owed:
    """How mcli must end: the status (negative: died of that signal), exactly this on stdout, a
    line with that slug on stderr (or nothing at all), and so many requests at the server."""

    status: int
    stdout: str = ""
    slug: str | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. `whole` is owed in a pipe, `streamed` with `--stream`.

    `spoilt`: no whole answer can reach the caller, so that exit 0 would be a lie. `slow`: a tool
    that can be given a time limit gets 5 s.
    """

    name: str
    script: Script
    whole: Owed
    streamed: Owed
    spoilt: bool = True
    slow: bool = False
    redirect: str = ""
    stdin: bytes | None = b""
    """None: a pipe that nobody closes"""
    signal: signal.Signals | None = None
    """sent when the reply has begun"""


def same(owed: Owed) -> tuple[Owed, Owed]:
    """Owed with `--stream` and without it."""
    return owed, owed


BEGUN = by_wire(
    drip(as_json(completion("Hello")), 30, after=100),
    chunked(*deltas("Hello", finish=None), end=(End.STALL,)),
)
UNFINISHED = by_wire(
    until_close(dumps(completion("Hello"))[:-20], kind=JSON),
    until_close(*deltas("Hello", finish=None)),
)
OVERLOADED = failure("overloaded", "server_error")
BROKEN_OFF = by_wire(
    as_json(OVERLOADED), chunked(*deltas("Hello", finish=None), event(OVERLOADED), DONE)
)
NO_CHOICES = event(chunk() | {"choices": []})
EMPTY_CHUNK = by_wire(
    as_json(completion(ANSWER)), chunked(NO_CHOICES, *deltas(ANSWER), NO_CHOICES, DONE)
)
DRIPPING = by_wire(
    drip(as_json(completion("Hello")), 1, after=100), drip(chunked(*deltas("Hello")), 1, after=100)
)
COMMENTS = by_wire(endless(b" ", 0.2, kind=JSON), endless(b": ping\n\n", 0.2))
DEADLINE = Owed(75, slug="deadline")
WHOLE = Owed(0, f"{ANSWER}\n")
WARM = Row("no fault", ok(ANSWER), WHOLE, WHOLE, spoilt=False)

ROWS = (
    Row("FIN before headers", hangup(), *same(Owed(75, slug="disconnected", attempts=4))),
    Row(
        "stream cut, chunked", cut(End.FIN),
        Owed(75, slug="reply_cut", attempts=2), Owed(75, "Hello", "reply_cut"),
    ),
    Row(
        "stream cut, close-delimited, no `[DONE]`", UNFINISHED,
        Owed(76, slug="bad_json", attempts=2), Owed(75, "Hello", "stream_truncated"),
    ),
    Row(
        "error event in the stream", BROKEN_OFF,
        Owed(75, slug="server_busy", attempts=4), Owed(75, "Hello", "server_busy"),
    ),
    Row("chunk with empty choices", EMPTY_CHUNK, *same(WHOLE), spoilt=False),
    Row("HTML page with 200", html(), *same(Owed(76, slug="not_json"))),
    Row(
        '`{"error": …}` with 200', as_json(OVERLOADED),
        *same(Owed(75, slug="server_busy", attempts=4)),
    ),
    Row("empty body with 200", as_json(b""), *same(Owed(76, slug="empty_reply", attempts=2))),
    Row(
        "`insufficient_quota`", error(429, "insufficient_quota", "insufficient_quota"),
        *same(Owed(77, slug="quota")),
    ),
    Row("server silent", hangup(End.STALL), *same(DEADLINE), slow=True),
    Row("body a byte a second", DRIPPING, *same(DEADLINE), slow=True),
    Row("nothing but SSE comments", COMMENTS, *same(DEADLINE), slow=True),
    Row("stdout is `/dev/full`", ok(ANSWER), *same(Owed(74, slug="write_failed")),
        redirect="> /dev/full"),
    Row("stdout closed, `>&-`", ok(ANSWER), *same(Owed(74, slug="stdout_closed", attempts=0)),
        redirect=">&-"),
    Row("reader leaves, `\\| head -c1`", stream_ok(WORDS), *same(Owed(-signal.SIGPIPE, "w")),
        redirect="| head -c1"),
    Row("stdin closed, `<&-`", ok(ANSWER), *same(WHOLE), spoilt=False, redirect="<&-"),
    Row("stdin a pipe that nobody closes", ok(ANSWER),
        *same(Owed(75, slug="deadline", attempts=0)), slow=True, stdin=None),
    Row("half a surrogate pair in the answer", ok(f"Paris{HALF}."),
        *same(Owed(0, "Paris\ufffd.\n")), spoilt=False),
    Row("stdin not UTF-8", ok(ANSWER), *same(Owed(65, slug="bad_encoding", attempts=0)),
        stdin=b"caf\xe9\n"),
    Row("SIGINT in the middle", BEGUN,
        Owed(-signal.SIGINT), Owed(-signal.SIGINT, "Hello"), signal=signal.SIGINT),
    Row("SIGTERM in the middle", BEGUN,
        Owed(-signal.SIGTERM), Owed(-signal.SIGTERM, "Hello"), signal=signal.SIGTERM),
)  # fmt: skip
