"""Rows: many records, and what is wrong with their input, with some of them, or with the run.

Their runs are one command each, whose answers are one line each (`--text`; an empty one is a
record that failed), so `--json` and `--stream` say nothing more. What takes two runs, such as going
on from a journal, stands in `tests/test_batch.py` and `tests/test_batch_journal.py`.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace
from zlib import crc32

from mcli import journal_line

from . import scenes as s
from .catalogue import ASKED, PLAIN, Again, Call, Row, Strike, dies
from .oracles import Expect, Prefix
from .rows_process import INT, TERM
from .server import End, Pause, Reply, Scene, Script, Seen

STALL = s.hangup(End.STALL)
SAY = ("batch", "-e", "Say {{ data }}", "--text", "-j", "1")
ROWS_IN = (*SAY, "--input", "data", "in.jsonl")
ABC = "[a]\n[b]\n[c]\n"


def said(seen: Seen) -> str:
    """The record that a request is about."""
    return str(seen.body["messages"][-1]["content"]).removeprefix("Say ")


def echo(seen: Seen) -> Reply:
    """The record in brackets."""
    scene = s.ok(f"[{said(seen)}]")
    return scene(seen) if callable(scene) else scene


def but(word: str, scene: Scene) -> Scene:
    """As `echo`, but of the record `word` the scene."""

    def played(seen: Seen) -> Reply:
        if said(seen) != word:
            return echo(seen)
        return scene(seen) if callable(scene) else scene

    return played


def slowly(seen: Seen) -> Reply:
    """As `echo`, after a while."""
    return Reply((Pause(0.7), *echo(seen).steps))


def ended(
    code: int, slug: str | None, shown: str | Prefix, attempts: int | range | None, *says: str
) -> Expect:
    """How a batch ends; each record is another request."""
    return Expect(code, slug, shown, attempts, says=says, alike=False, total=False)


def row(id: str, script: Script, expect: Expect, *argv: str, **more: object) -> Row:
    """A row about the records a, b and c, which all have answers once the fault is gone."""
    call = Call((*SAY, *argv), b"a\nb\nc\n")
    made = Row(id, script, expect, call=call, modes=PLAIN)
    made = replace(made, **more)  # pyright: ignore[reportArgumentType]
    return replace(made, again=Again(replace(call, argv=SAY), echo, ended(0, None, ABC, 3)))


def fed(id: str, content: bytes, expect: Expect, *argv: str, via: str = "") -> Row:
    """A row about `in.jsonl`, whose members `data` are what is asked."""
    call = Call((*ROWS_IN, *argv), files={"in.jsonl": content}, via=via)
    return Row(id, echo, expect, call=call, modes=PLAIN, again=ASKED)


def failing(id: str, bad: bytes, says: str, *argv: str) -> Row:
    """A row in which one record cannot be asked, and those around it are."""
    content = b'{"data":"a"}\n' + bad + b'\n{"data":"b"}\n'
    return fed(id, content, ended(3, "batch_partial", "[a]\n\n[b]\n", 2, says), *argv)


BOTH = "[a]\n[b]\n"
DEEP = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
INPUTS = [
    failing("I-17", b"not json", "in.jsonl:2: column 1: not JSON"),
    failing("I-17-cut", b'{"data": "x', "in.jsonl:2: column "),
    failing("I-17-value", b'{"data": }', "in.jsonl:2: column 10: not JSON"),
    failing("I-18", b"[1]", "in.jsonl:2: "),
    failing("I-18-number", b"17", "in.jsonl:2: "),
    failing("I-18-missing", b'{"other": "x"}', "in.jsonl:2: "),
    failing("I-18-null", b'{"data": null}', "in.jsonl:2: "),
    failing("I-18-field-number", b'{"data": 5}', "in.jsonl:2: "),
    failing("I-18-list", b'{"data": ["x"]}', "in.jsonl:2: "),
    failing("I-19", b'{"data": "' + b"x" * 100_000_000 + b'"}', "in.jsonl:2: "),
    failing("I-19-flag", b'{"data": "xxxxxxxxxxxxxxxxxxxxxxxxxxx"}', "in.jsonl:2: ", "--max-input", "20"),
    fed("I-20", b'\xef\xbb\xbf{"data":"a"}\r\n{"data":"b"}', ended(0, None, BOTH, 2)),
    fed("I-20-blank", b'{"data":"a"}\n\n  \r\n{"data":"b"}\n', ended(0, None, BOTH, 2)),
    fed("I-21", b'{"id":1,"data":"a"}\n{"id":2,"data":"b"}\n{"id":1,"data":"c"}\n', ended(65, "same_id", "", 0, "in.jsonl:3", "in.jsonl:1")),
    fed("I-21-identical", b'{"id":1,"data":"a"}\n' * 2, ended(0, None, "[a]\n" * 2, 2)),
    failing("I-22", b'{"data": "\\ud800"}', "in.jsonl:2: "),
    failing("I-22-nan", b'{"data": NaN}', "in.jsonl:2: "),
    failing("I-22-digits", b'{"data": ' + b"7" * 5000 + b"}", "in.jsonl:2: "),
    failing("I-22-deep", DEEP, "in.jsonl:2: "),
    failing("I-22-utf8", b'{"data": "\xff"}', "in.jsonl:2: "),
    fed("I-23", b"", ended(0, None, "", 0)),
    fed("I-23-blank", b"\n\n", ended(0, None, "", 0)),
]  # fmt: skip


REFUSED = but("b", s.error(400, "no such thing"))
KEY_REFUSED = but("b", s.error(401, "who are you"))
SPENT = but("b", s.error(429, "all spent", "insufficient_quota"))
THOUSAND = b"".join(b"%d\n" % n for n in range(1000))
RUNS = [
    row("B-01", echo, ended(0, None, ABC, 3)),
    row("B-01-abreast", echo, ended(0, None, ABC, 3), "-j", "8"),
    row("B-02", REFUSED, ended(3, "batch_partial", "[a]\n\n[c]\n", 3)),
    row("B-02-all", s.error(400, "no"), ended(3, "batch_partial", "\n\n\n", 3)),
    row("B-02-halt", s.error(400, "no"), ended(3, "halted", "\n\n", 2), "--halt", "2"),
    row("B-03", but("b", s.error(500, "later")), ended(75, "batch_try_again", "[a]\n\n[c]\n", 3), retries=0),
    row("B-04", KEY_REFUSED, ended(77, "auth", "[a]\n", 2, "stopped after 1 record")),
    row("B-04-quota", SPENT, ended(77, "quota", "[a]\n", 2, "stopped after 1 record")),
    row("B-05", s.error(500, "down"), ended(75, "provider_down", Prefix("\n"), range(10, 20)), retries=0, call=Call(SAY, THOUSAND)),
    row("B-07", echo, ended(77, "max_requests", "[a]\n[b]\n", 2), "--max-requests", "2"),
    row("B-08", but("b", STALL), ended(75, "batch_try_again", "[a]\n\n[c]\n", 3), retries=0, timeout=2),
    row("B-15", slowly, ended(0, None, ABC, 3), strikes=(Strike(signal.SIGSTOP), Strike(signal.SIGCONT, 4.0)), why="suspended"),
]  # fmt: skip


def stopped(id: str, number: int) -> Row:
    """A row in which a signal lets the record that is in flight end, and begins no other."""
    expect = replace(dies(number, "[a]\n"), slug="interrupted", says=("1 record",), alike=False)
    return row(id, slowly, expect, strikes=(Strike(number),))


SIGNALS = [
    stopped("P-02", INT),
    stopped("P-03-batch", TERM),
    stopped("P-03-batch-hup", signal.SIGHUP),
]

HEADER = journal_line.header("r", "0.1", "2026-11-26T00:00:00Z", {})
END = journal_line.end(0, 0, 0)
NEWER = HEADER[9:-1].replace(b'"v":1', b'"v":2')


def kept(id: str, content: bytes, says: str) -> Row:
    """A row whose journal is refused, and stays as it was."""
    made = row(id, echo, ended(65, "bad_journal", "", 0, says), "--journal", "j")
    files: Mapping[str, bytes] = {"j": content}
    return replace(made, call=replace(made.call, files=files))


JOURNALS = [
    kept("B-12", b"Dear diary\n", "1 (byte 0)"),
    kept("B-12-newer", b"%08x %b\n" % (crc32(NEWER), NEWER), "version 2"),
    kept("B-12-damaged", HEADER + END[:-9] + b"X" + END[-8:] + END, "2 (byte "),
]

ROWS = [*INPUTS, *RUNS, *SIGNALS, *JOURNALS]
