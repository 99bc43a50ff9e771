"""Rows: the file of a conversation: its lock, its disk, and what becomes of it when a turn fails."""

from __future__ import annotations

from dataclasses import replace
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

from . import scenes as s
from .catalogue import (
    IN_PIPE,
    OK,
    PLAIN,
    STREAMED,
    Again,
    Call,
    Row,
    Strike,
    answers,
    dies,
    fails,
)
from .leaks import QUOTE
from .oracles import Expect
from .rows_files import NOBODY
from .server import End, Scene

HEAD = b'{"v":1,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"'
USAGE = b'"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}\n'


def turn(answer: str = "ok", usage: bytes = USAGE) -> bytes:
    """The line of the turn in which `hi` was answered."""
    return HEAD + answer.encode() + b'"}],"model":"test-model",' + usage


OLD = {"t": turn("old")}
GROWN = {"t": turn("old") + turn()}
TALK = Call(("ask", "hi", "--thread", "t"), files=OLD)
ADDED = replace(answers(), files=GROWN)
AGAIN = Again(TALK, OK, ADDED)
STREAMED_TURN = replace(answers(), files={"t": turn("old") + turn(usage=b'"usage":null}\n')})
"""Of a stream the server says no usage."""
STALL = s.hangup(End.STALL)
HALF = s.by_wire(STALL, s.chunked(*s.deltas("Hello", finish=None), end=(End.STALL,)))


def row(id: str, expect: Expect, via: str = "", script: Scene = OK, **more: Any) -> Row:
    """A row that goes on with a conversation, and once the fault is gone does so."""
    call = replace(TALK, via=via)
    return Row(id, script, expect, call=call, **({"modes": PLAIN, "again": AGAIN} | more))


def both(old: bytes) -> Expect:
    """Two turns are added, in the order in which they had the lock."""
    return Expect(0, None, "ok\nok\n", 2, files={"t": old + turn() + turn()}, alike=False)


TWO = '"$@" & "$@"; status=$?; wait $! && exit $status'
HELD = 'exec 9<>t; flock 9; "$@" 9<&-'
RELEASED = 'exec 9<>t; flock 9; "$@" 9<&- & sleep 1; exec 9<&-; wait $!'
SIDE_BY_SIDE = [
    row("P-26", both(OLD["t"]), TWO),
    Row("P-26-new", OK, both(b""), call=replace(TALK, via=TWO, files={}), modes=PLAIN),
    row("P-26-waits", ADDED, RELEASED, modes=IN_PIPE),
    row("P-26-busy", fails(75, "thread_busy", 0, says="--timeout"), HELD, modes=IN_PIPE, timeout=2),
    row("P-26-killed", dies(SIGKILL), script=STALL, strikes=(Strike(SIGKILL),), why="the lock goes with its holder"),
]  # fmt: skip

INTERRUPTED = [
    row("P-01-thread", dies(SIGINT), script=STALL, strikes=(Strike(SIGINT),), modes=IN_PIPE),
    row("P-01-thread-stream", dies(SIGINT, "Hello"), script=HALF, strikes=(Strike(SIGINT, "shown"),), modes=STREAMED, again=Again(TALK, OK, STREAMED_TURN)),
    row("P-01-thread-waits", dies(SIGINT, attempts=0), HELD, strikes=(Strike(SIGINT, 2.0),)),
    row("P-03-thread", dies(SIGTERM), script=STALL, strikes=(Strike(SIGTERM),)),
]  # fmt: skip

TRACE = "exec strace -f -qq -o /dev/null -P @HOME@/cwd/t"
UNWRITTEN = fails(74, "write_failed", says="this turn is not in it")
TOLD = {"text": "ok", "error.charged": "yes"}
LONG = s.ok("line\n" * 1000)
WRITES = [
    row("P-08-thread", replace(fails(74, "write_failed"), files=GROWN), 'exec "$@" >/dev/full', why="the answer is on the disk before it is printed"),
    row("P-09-thread", fails(74, "stdout_closed", 0), 'exec "$@" >&-'),
    row("P-20-thread", replace(dies(SIGKILL), files=GROWN), f'{TRACE} -e inject=fdatasync:signal=KILL "$@"'),
    row("P-20-thread-write", dies(SIGKILL), f'{TRACE} -e inject=write:signal=KILL "$@"'),
    row("P-20-thread-term", replace(dies(SIGKILL), files=GROWN), f'{TRACE} -e inject=write:signal=TERM -e inject=fdatasync:signal=KILL "$@"', why="a line that is begun gets to the disk before the signal counts"),
    row("P-22-thread", replace(UNWRITTEN, told=TOLD), f'{TRACE} -e inject=fdatasync:error=EIO "$@"', modes=IN_PIPE),
    row("P-23-thread", UNWRITTEN, 'ulimit -f 1; exec "$@"', LONG),
    row("P-24-thread", fails(73, "no_permission", 0), f"chmod 444 t; {NOBODY}", modes=IN_PIPE),
]  # fmt: skip

KEY_TOLD = Expect(0, None, f"{QUOTE}\n600\n", 1, quotes=True, files={"t": turn("The key is ***.")})
SECRET = Row(
    "S-10-thread",
    s.ok(QUOTE),
    KEY_TOLD,
    call=replace(TALK, files={}, via='"$@" && stat -c %a t'),
    modes=PLAIN,
)

ROWS = [*SIDE_BY_SIDE, *INTERRUPTED, *WRITES, SECRET]
