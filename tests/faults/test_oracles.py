"""The checks themselves: each notices what it is there for, and a good run passes them all."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from .catalogue import answers, fails
from .oracles import CANARY, MEMORY_CAP, Prefix, Run, complaints, left_alone
from .server import FaultyServer, Seen

LINE = b"mcli: the server is busy: run it again later [server_busy, attempts=2, 1.0s]\n"
BUSY = fails(75, "server_busy", 2)


@pytest.fixture
def good(tmp_path: Path) -> Run:
    """A run that failed as it should, after two attempts a second apart."""
    for folder in left_alone(tmp_path):
        folder.mkdir()
    server = FaultyServer([], door="shut")
    server.close()
    server.requests.extend(attempt(at) for at in (1.0, 2.0))
    server.answered.extend((1.0, 2.0))
    return Run(75, False, b"", LINE, 1, False, tmp_path, server)


def attempt(at: float, path: str = "/v1/chat/completions", key: str = CANARY) -> Seen:
    return Seen(at, 1, "POST", path, {"authorization": f"Bearer {key}"}, b"{}", {})


def test_a_good_run_has_no_complaints(good: Run) -> None:
    assert complaints(good, replace(BUSY, gap=1.0, says=("attempts=2",))) == []
    done = replace(good, exit=0, stdout=b"ok\n", stderr=b"")
    assert complaints(done, answers("ok", attempts=2)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"exit": 1},
        {"exit": -13},
        {"killed": True},
        {"orphans": True},
        {"peak": MEMORY_CAP + 1},
        {"stdout": b"\n"},
        {"stderr": b""},
        {"stderr": LINE + LINE},
        {"stderr": LINE.removesuffix(b"\n")},
        {"stderr": b"Traceback (most recent call last):\n" + LINE},
        {"stderr": LINE.replace(b"busy:", b"\x1b[31mbusy:")},
        {"stderr": LINE.replace(b"busy:", b"\xff:")},
        {"stderr": LINE.replace(b"busy:", b"##[error]:")},
        {"stderr": LINE.replace(b"busy:", b"busy " * 300)},
        {"stderr": LINE.replace(b"[server_busy", b"[server_busy_too")},
        {"stderr": LINE.replace(b"attempts=2", b"attempts=3")},
        {"stderr": LINE.replace(b"later", CANARY.encode())},
        {"stderr": LINE.replace(b"later", CANARY[12:30].encode())},
        {"stderr": LINE.replace(b"later", quote(CANARY, safe="").encode())},
        {"stderr": LINE.replace(b"later", quote(quote(CANARY, safe="")).encode())},
        {"stderr": LINE.replace(b"later", " ".join([CANARY[:9], CANARY[9:18], "x"]).encode())},
        {"stderr": LINE.replace(b"later", "".join(f"\\u{ord(m):04x}" for m in CANARY).encode())},
        {"stderr": LINE.replace(b"later", base64.b64encode(f"Bearer {CANARY}".encode()))},
    ],
)
def test_a_bad_run_has_one(good: Run, changed: dict[str, Any]) -> None:
    assert complaints(replace(good, **changed), BUSY)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cwd/core", ""),
        ("user/.mcli", ""),
        ("answer.tmp", ""),
        ("log", f"authorization: Bearer {CANARY}"),
        (quote(CANARY, safe=""), ""),
    ],
)
def test_what_it_leaves_behind_is_seen(good: Run, name: str, text: str) -> None:
    (good.home / name).write_text(text)
    assert complaints(good, BUSY)


def test_attempts_are_checked(good: Run) -> None:
    assert complaints(good, replace(BUSY, attempts=3))
    assert complaints(good, replace(BUSY, attempts=range(1, 2)))
    assert complaints(good, replace(BUSY, gap=1.5))
    good.server.requests[1] = attempt(2.0, key="other")
    assert complaints(good, BUSY)
    good.server.requests[1] = attempt(2.0, path="/elsewhere")
    assert complaints(good, BUSY)


def test_a_prefix_may_stop_anywhere_and_hold_nothing_else(good: Run) -> None:
    ticks = replace(BUSY, stdout=Prefix("tick "))
    assert complaints(replace(good, stdout=b"tick tick ti"), ticks) == []
    assert complaints(replace(good, stdout=b"tick tock"), ticks)
