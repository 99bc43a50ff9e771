"""What must hold: the expectation of a row, and the checks that hold on every row.

A check looks at one finished run and yields a complaint for each thing that is wrong; nothing
here raises, so that a failing row tells everything at once. The thirteen of reliability §6.2: all
but one stand here; that the command succeeds once the fault is gone is `stage.play`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs

from mcli.journal_scan import Scan
from tests.program import ROOT

from . import leaks
from .leaks import CANARY
from .server import FaultyServer

MEMORY_CAP = 300 * 2**20
LINE_CAP = 1000
"""Characters of the stderr line: at most 300 of them are the server's, the rest is ours."""
JOURNAL = "journal"
"""The name of a batch's journal, whose bytes are each run's own."""
OURS = ("config.yaml", "stdin")
"""Files that the stage itself puts into the home."""
HARMLESS = re.compile("[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*")
"""Text that cannot drive a terminal."""
SCHEMA = json.loads((ROOT / "mcli" / "envelope.schema.json").read_text())


@dataclass(frozen=True, slots=True)
class Prefix:
    """Stdout may stop anywhere: what it holds must be a beginning of `of` repeated."""

    of: str


@dataclass(frozen=True, slots=True)
class Expect:
    """How one run must end. `attempts` and `gap` (seconds, the least) are as the server saw it."""

    exit: int
    """negative: killed by that signal"""
    slug: str | None
    """in the stderr line, alternatives with `|`; None where stderr is empty"""
    stdout: str | Prefix
    """exactly this, or a beginning of it; with `--json` the envelope's text"""
    attempts: int | range | None
    """None: cannot be seen from the server"""
    gap: float = 0.0
    says: tuple[str, ...] = ()
    """what else the stderr line must name"""
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """what the envelope must say: dotted names and values"""
    files: Mapping[str, bytes] | None = None
    """what stands in the working directory afterwards; None: what stood there before"""
    asks: str = "POST /v1/chat/completions"
    bearer: str | None = CANARY
    """the key that each attempt brings"""
    alike: bool = True
    """whether all attempts are the same request"""
    total: bool = True
    """whether the server saw the attempts that it tells of, and no others"""
    sent: str = ""
    """what the first request's messages hold, somewhere"""
    notes: tuple[str, ...] = ()
    """what stands on stderr before the line: notes of `-v`, or a traceback"""
    hides: tuple[str, ...] = ()
    """further texts that must not be in any output"""
    quotes: bool = False
    """whether the answer is `leaks.QUOTE`, which holds the key: data, which stays as it is"""


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
    before: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """what stood in the working directory"""
    envelope: bool = False
    """whether `--json` was said"""
    terminal: bool = False
    cmdline: bytes = b""
    """the command line as the process list shows it"""
    afterwards: int = 0
    """requests that came when it had ended"""
    strangers: bytes | None = None
    """what another host got to see, if it was called at all"""


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
    if run.envelope and expect.exit >= 0:
        yield from _envelope(run, expect)
        return
    wanted = expect.stdout
    if isinstance(wanted, Prefix):
        repeated = wanted.of.encode() * (len(run.stdout) // len(wanted.of) + 1)
        if not repeated.startswith(run.stdout):
            yield f"stdout {_short(run.stdout)} is no beginning of {wanted.of!r} repeated"
    elif run.stdout != wanted.encode():
        yield f"stdout {_short(run.stdout)}, expected {_short(wanted.encode())}"


def keeps_stderr(run: Run, expect: Expect) -> Complaints:
    """Silent on success; else one printable line with the slug."""
    text = run.stderr.decode(errors="surrogateescape")  # such a byte is not printable
    if expect.notes:
        notes, text = _parted(text, expect.slug is not None)
        yield from (f"stderr lacks {words!r}" for words in expect.notes if words not in notes)
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
    if re.search(r"##(vso)?\[", line, re.IGNORECASE):  # wherever it stands in a line
        yield f"stderr gives an order to a CI runner: {_short(run.stderr)}"
    if len(line) > LINE_CAP:
        yield f"stderr line of {len(line)} characters"
    if not re.search(rf"\[({expect.slug})[,\]]", line):
        yield f"stderr line lacks [{expect.slug}]: {_short(run.stderr)}"
    for words in expect.says:
        if words not in line:
            yield f"stderr line lacks {words!r}: {_short(run.stderr)}"


def _parted(text: str, ends: bool) -> tuple[str, str]:
    """The notes, and the last line if that is how it `ends`."""
    lines = text.splitlines(keepends=True)
    notes = lines[:-1] if ends else lines
    return "".join(notes), "".join(lines[len(notes) :])


def counts_attempts(run: Run, expect: Expect) -> Complaints:
    """As many attempts as allowed, as many as it says, none sooner than allowed, none too late."""
    seen = len(run.server.requests)
    wanted = expect.attempts
    if wanted is not None and seen not in (wanted if isinstance(wanted, range) else [wanted]):
        yield f"the server saw {seen} attempts, expected {wanted}"
    said = re.search(rb"\battempts=(\d+)", run.stderr)
    if wanted is not None and expect.total and said and int(said[1]) != seen:
        yield f"it says attempts={int(said[1])}, the server saw {seen}"
    pairs = zip(run.server.answered, run.server.requests[1:], strict=False)
    for answered, again in pairs:
        if again.at - answered < expect.gap:
            yield f"tried again after {again.at - answered:.3f} s, expected {expect.gap} s"
    if run.afterwards:
        yield f"{run.afterwards} requests came when it had ended"


def asks_properly(run: Run, expect: Expect) -> Complaints:
    """Each attempt is the same request to the right place, with the key, and to nobody else."""
    wanted = f"Bearer {expect.bearer}" if expect.bearer else None
    for seen in run.server.requests:
        if f"{seen.method} {seen.path}" != expect.asks:
            yield f"the server saw {seen.method} {seen.path}"
        if seen.headers.get("authorization") != wanted:
            yield f"an attempt with the authorization {seen.headers.get('authorization')}"
        if expect.sent not in json.dumps(seen.fields.get("messages"), ensure_ascii=False):
            yield f"what was sent lacks {expect.sent!r}"
    if expect.alike and len({seen.raw for seen in run.server.requests}) > 1:
        yield "the attempts differ"
    if run.strangers is not None:
        yield f"another host was called, with {_short(run.strangers)}"


def keeps_the_key(run: Run, expect: Expect) -> Complaints:
    """The key, in no spelling, is in no output, no command line, and no file or file name."""
    outputs = {"stdout": run.stdout, "stderr": run.stderr}
    places = outputs | {"the process list": run.cmdline}
    for path in run.home.rglob("*"):
        if not path.name.startswith("secret"):  # what the row itself put there
            places[str(path)] = bytes(path) + (path.read_bytes() if path.is_file() else b"")
    quotes = expect.quotes * (2 if run.envelope else 1)  # in `text`, and in `message`
    for place, data in places.items():
        if found := leaks.found(data.replace(leaks.QUOTE.encode(), b"", quotes)):
            yield f"the key ({found}) is in {place}"
    for place, data in outputs.items():
        yield from (f"{text!r} is in {place}" for text in expect.hides if text.encode() in data)


def leaves_nothing(run: Run, expect: Expect) -> Complaints:
    """The files that were meant, no other where it has no business, and bounded memory."""
    cwd = left_alone(run.home)[0]
    wanted = run.before if expect.files is None else expect.files
    found = {str(path.relative_to(cwd)): path for path in cwd.rglob("*") if path.is_file()}
    for name in sorted({*wanted, *found} - _left_out(expect)):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"left {name}"
        elif found[name].read_bytes() != wanted[name]:
            yield f"{name} holds {_short(found[name].read_bytes())}"
    for path in run.home.rglob("*"):
        top = path.relative_to(run.home).parts[0]
        ours = top == cwd.name or top in OURS or top.startswith("secret") or path in _state(run)
        if path.is_file() and not ours:
            yield f"left {path}"
    if run.peak > MEMORY_CAP:
        yield f"used {run.peak / 2**20:.0f} MiB"


def _left_out(expect: Expect) -> set[str]:
    """The journal, if nothing was said of its bytes."""
    return set() if JOURNAL in (expect.files or {}) else {JOURNAL}


def keeps_the_journal(run: Run, expect: Expect) -> Complaints:
    """What a batch wrote down can be read, by its owner alone."""
    path = left_alone(run.home)[0] / JOURNAL
    if not _left_out(expect) or not path.exists():
        return
    scan = Scan()
    try:
        list(scan.feed(path.read_bytes()))
        list(scan.close())
    except ValueError as error:
        yield f"the journal is damaged: {error}"
    if path.stat().st_mode & 0o077 and path.stat().st_size:
        yield "the journal can be read by others"


def keeps_the_ledger(run: Run, expect: Expect) -> Complaints:
    """What it keeps of what was spent is whole lines, for its owner alone."""
    del expect
    for path in _state(run):
        if path.stat().st_mode & 0o077:
            yield f"{path} can be read by others"
        if path.suffix == ".jsonl":
            try:
                assert all(json.loads(line)["at"] for line in path.read_bytes().splitlines())
            except ValueError:
                yield f"{path} holds {_short(path.read_bytes())}"


def _state(run: Run) -> list[Path]:
    """The files of the ledger and the limits, which a run may leave."""
    state = run.home / "STATE" / "mcli"
    kept = [state / "salt", *(state / "ledger").glob("*.jsonl"), state / "ledger" / "lock"]
    kept += (state / "limits").glob("*")
    return [path for path in kept if path.is_file()]


def spares_the_terminal(run: Run, expect: Expect) -> Complaints:
    """Nothing a terminal would obey."""
    del expect
    for name, data in (("stdout", run.stdout), ("stderr", run.stderr)):
        if run.terminal and not HARMLESS.fullmatch(data.decode(errors="replace")):
            yield f"{name} drives the terminal: {_short(data)}"


CHECKS = (
    ends_in_time,
    keeps_stdout,
    keeps_stderr,
    counts_attempts,
    asks_properly,
    keeps_the_key,
    leaves_nothing,
    keeps_the_ledger,
    keeps_the_journal,
    spares_the_terminal,
)


def complaints(run: Run, expect: Expect) -> list[str]:
    """Everything that is wrong with a run; empty if it is as expected."""
    return [complaint for check in CHECKS for complaint in check(run, expect)]


def _envelope(run: Run, expect: Expect) -> Complaints:
    """One envelope on one line that fits its schema and says the same as everything else."""
    try:
        told = json.loads(run.stdout)
        jsonschema_rs.validate(SCHEMA, told)
    except ValueError as error:  # a ValidationError is one
        yield f"no envelope: {error}: {_short(run.stdout)}"
        return
    if run.stdout.count(b"\n") != 1:
        yield "the envelope is not one line"
    wanted: dict[str, Any] = {"ok": expect.exit in (0, 1), **expect.told}
    if expect.exit > 1:
        wanted |= {"error.exit_code": expect.exit, "error.retryable": expect.exit == 75}
        if _at(told, "error.slug") not in (expect.slug or "").split("|"):
            yield f"the envelope's slug is {_at(told, 'error.slug')}, expected {expect.slug}"
    elif isinstance(expect.stdout, str) and told["text"] is not None:
        # With or without the line break that ends it: the printer adds one, JSON does not.
        wanted["text"] = expect.stdout.removesuffix("\n")
        told["text"] = told["text"].removesuffix("\n")
    if expect.attempts is not None:
        wanted["attempts"] = len(run.server.requests)
    for name, value in wanted.items():
        if _at(told, name) != value:
            yield f"the envelope's {name} is {_at(told, name)!r}, expected {value!r}"


def _at(value: Any, name: str) -> Any:
    """What stands under a dotted name, or None."""
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _short(data: bytes) -> str:
    """At most 400 bytes of it, for a message."""
    return repr(data) if len(data) <= 400 else f"{data[:400]!r}... ({len(data)} bytes)"
