"""What must hold: the expectation of a row, and the checks that hold on every row.

A check looks at one finished run and yields a complaint for each thing that is wrong; nothing
here raises, so that a failing row tells everything at once.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .server import FaultyServer

CANARY = "sk-canary-7f3a9c/e1b8+d4052c6f/97a3e8b15d0c4+62f9"
"""The key of every run. It has characters that encodings change, so each form is another text."""
PART = 12
"""So many characters of the key in a row are a leak."""
MEMORY_CAP = 300 * 2**20
LINE_CAP = 1000
"""Characters of the stderr line: at most 300 of them are the server's, the rest is ours."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """Stdout may stop anywhere: what it holds must be a beginning of `of` repeated."""

    of: str


@dataclass(frozen=True, slots=True)
class Expect:
    """How one run must end. `attempts` and `gap` (seconds, the least) are as the server saw it."""

    exit: int
    slug: str | None
    """in the stderr line, alternatives with `|`; None on success, when stderr is empty"""
    stdout: str | Prefix
    """exactly this, or a beginning of it"""
    attempts: int | range | None
    """None: cannot be seen from the server"""
    gap: float = 0.0
    says: tuple[str, ...] = ()
    """what else the stderr line must name"""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run of the program."""

    exit: int
    """negative: died of that signal"""
    killed: bool
    """it had not ended when its time was up, and was killed from outside"""
    stdout: bytes
    stderr: bytes
    peak: int
    """bytes of memory at most, as the kernel counted"""
    orphans: bool
    """it left processes behind"""
    home: Path
    """the folder that holds everything it could write to; `left_alone` in it must stay empty"""
    server: FaultyServer


def left_alone(home: Path) -> tuple[Path, ...]:
    """The folders in which a run has no business: working directory, home, temporary files."""
    return home / "cwd", home / "user", home / "tmp"


Complaints = Iterator[str]


def ends_in_time(run: Run, expect: Expect) -> Complaints:
    """It ended by itself, and of nothing but its exit code."""
    if run.killed:
        yield "still running when its time was up"
    elif run.exit != expect.exit:
        yield f"exit {run.exit}, expected {expect.exit}"
    if run.orphans:
        yield "left processes behind"


def keeps_stdout(run: Run, expect: Expect) -> Complaints:
    """The whole answer, nothing, or in stream mode exactly the part that had come."""
    wanted = expect.stdout
    if isinstance(wanted, Prefix):
        repeated = wanted.of.encode() * (len(run.stdout) // len(wanted.of) + 1)
        if not repeated.startswith(run.stdout):
            yield f"stdout {_short(run.stdout)} is no beginning of {wanted.of!r} repeated"
    elif run.stdout != wanted.encode():
        yield f"stdout {_short(run.stdout)}, expected {_short(wanted.encode())}"


def keeps_stderr(run: Run, expect: Expect) -> Complaints:
    """Silent on success; else one printable line with the slug."""
    text = run.stderr.decode(errors="replace")
    for word in ("Traceback", "panicked", "Exception ignored", "Warning:"):
        if word in text:
            yield f"stderr has {word!r}"
    if expect.slug is None:
        if text:
            yield f"stderr is not empty: {_short(run.stderr)}"
        return
    line = text.removesuffix("\n")
    if not (text.startswith("mcli: ") and text.endswith("\n") and line.isprintable()):
        yield f"stderr is not one printable line: {_short(run.stderr)}"
    if len(line) > LINE_CAP:
        yield f"stderr line of {len(line)} characters"
    if not re.search(rf"\[({expect.slug})[,\]]", line):
        yield f"stderr line lacks [{expect.slug}]: {_short(run.stderr)}"
    for words in expect.says:
        if words not in line:
            yield f"stderr line lacks {words!r}: {_short(run.stderr)}"


def counts_attempts(run: Run, expect: Expect) -> Complaints:
    """As many attempts as allowed, as many as it says, none sooner than allowed."""
    seen = len(run.server.requests)
    wanted = expect.attempts
    if wanted is not None and seen not in (wanted if isinstance(wanted, range) else [wanted]):
        yield f"the server saw {seen} attempts, expected {wanted}"
    said = re.search(rb"\battempts=(\d+)", run.stderr)
    if wanted is not None and said and int(said[1]) != seen:
        yield f"it says attempts={int(said[1])}, the server saw {seen}"
    pairs = zip(run.server.answered, run.server.requests[1:], strict=False)
    for answered, again in pairs:
        if again.at - answered < expect.gap:
            yield f"tried again after {again.at - answered:.3f} s, expected {expect.gap} s"


def asks_properly(run: Run, expect: Expect) -> Complaints:
    """Each attempt is the same POST to the right place, with the key."""
    del expect
    for seen in run.server.requests:
        if (seen.method, seen.path) != ("POST", "/v1/chat/completions"):
            yield f"the server saw {seen.method} {seen.path}"
        if seen.headers.get("authorization") != f"Bearer {CANARY}":
            yield "an attempt without the key"
    if len({seen.raw for seen in run.server.requests}) > 1:
        yield "the attempts differ"


def keeps_the_key(run: Run, expect: Expect) -> Complaints:
    """The key, in no spelling, is in no output and in no file or file name."""
    del expect
    places = {"stdout": run.stdout, "stderr": run.stderr}
    for path in run.home.rglob("*"):
        places[str(path)] = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
    for place, data in places.items():
        if found := SPELLINGS.search(data):
            yield f"the key ({found[0].decode()}) is in {place}"


def leaves_nothing(run: Run, expect: Expect) -> Complaints:
    """No file where it has no business, no temporary file anywhere, bounded memory."""
    del expect
    for folder in left_alone(run.home):
        yield from (f"left {path}" for path in folder.rglob("*"))
    for path in run.home.rglob("*"):
        if re.search(r"\.tmp|\.part|^tmp|~$", path.name) and path.is_file():
            yield f"left the temporary file {path}"
    if run.peak > MEMORY_CAP:
        yield f"used {run.peak / 2**20:.0f} MiB"


CHECKS = (
    ends_in_time,
    keeps_stdout,
    keeps_stderr,
    counts_attempts,
    asks_properly,
    keeps_the_key,
    leaves_nothing,
)


def complaints(run: Run, expect: Expect) -> list[str]:
    """Everything that is wrong with a run; empty if it is as expected."""
    return [complaint for check in CHECKS for complaint in check(run, expect)]


def _spellings(key: str) -> re.Pattern[bytes]:
    """Finds the key as text, in a URL, in JSON, and in base64 at each of the three alignments."""
    texts = {key, quote(key, safe=""), json.dumps(key)[1:-1], key.replace("/", "\\/")}
    # A part is as bad as the whole, and is found when a line break splits the key.
    texts |= {key[at : at + PART] for at in range(len(key) - PART + 1)}
    packed = [base64.b64encode(b"\0" * shift + key.encode())[4:-4] for shift in range(3)]
    forms = [text.encode() for text in sorted(texts)] + packed
    return re.compile(b"|".join(re.escape(form) for form in forms))


SPELLINGS = _spellings(CANARY)


def _short(data: bytes) -> str:
    """At most 400 bytes of it, for a message."""
    return repr(data) if len(data) <= 400 else f"{data[:400]!r}... ({len(data)} bytes)"
