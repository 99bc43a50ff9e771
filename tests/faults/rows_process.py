"""Rows: signals, descriptors, disks, locales, users and clocks."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace

from . import scenes as s
from .catalogue import (
    ASKED,
    BOTH,
    BUFFERED,
    IN_PIPE,
    JSON,
    PLAIN,
    SEEN,
    STREAM,
    STREAMED,
    Again,
    Call,
    Row,
    Strike,
    answers,
    dies,
    fails,
)
from .oracles import Expect
from .rows_network import resolved
from .server import End, Pause, Reply

INT, TERM, HUP, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL
STALL = s.hangup(End.STALL)
HALF = s.by_wire(STALL, s.chunked(*s.deltas("Hello", finish=None), end=(End.STALL,)))
LATER = s.status(429, {"Retry-After": "60"})
LOOP = 'for i in 1 2 3; do "$@"; done; echo never'
FIFO = 'mkfifo @HOME@/user/fifo; exec "$@" 0<>@HOME@/user/fifo'
"""A stdin that stays open and silent."""
SLOW_IMPORT = Call(
    env={"PYTHONPATH": "@HOME@/cwd/lib:@ROOT@"},
    files={"lib/typer.py": b"import time; time.sleep(60)\n"},
)
BOTH_PLAIN = (BUFFERED, STREAM)


def struck(id: str, number: int, when: float | str = "asked", **more: object) -> Row:
    """A row that dies of the signal without a word, wherever it is just then."""
    told: Mapping[str, object] = {"script": STALL, "modes": PLAIN, **more}
    attempts = None if isinstance(when, float) else 1
    expect = dies(number, "Hello" if when == "shown" else "", attempts)
    return replace(Row(id, STALL, expect, timeout=30, strikes=(Strike(number, when),)), **told)  # pyright: ignore[reportArgumentType]


SIGNALS = [
    struck("P-01", INT, modes=BOTH),
    struck("P-01-import", INT, 1.5, call=SLOW_IMPORT, again=Again(Call())),
    struck("P-01-dns", INT, 2.0, call=resolved("silent")),
    struck("P-01-connect", INT, 1.5, door="jammed"),
    struck("P-01-stream", INT, "shown", script=HALF, modes=STREAMED),
    struck("P-01-stdin", INT, 1.5, call=Call(("summarize",), via=FIFO), again=ASKED),
    struck("P-01-loop", INT, call=Call(via=LOOP)),
    struck("P-03", TERM, modes=BOTH),
    struck("P-03-stream", TERM, "shown", script=HALF, modes=STREAMED),
    struck("P-03-hup", HUP),
    struck("P-03-dns", TERM, 2.0, call=resolved("silent")),
    struck("P-04", INT, script=LATER, timeout=100),
    struck("P-04-term", TERM, script=LATER, timeout=100),
    struck("P-30", KILL, why="what the kernel does when memory runs out"),
]
SLOWLY = Reply((Pause(1.5), *s.as_json(s.completion("Hello")).steps))
IGNORED = Call(via='trap "" HUP INT; exec "$@"')
ASLEEP = (Strike(signal.SIGSTOP), Strike(signal.SIGCONT, 4.0))
SIGNALS += [
    Row(
        "P-03-ignored", SLOWLY, answers("Hello"), modes=IN_PIPE, call=IGNORED,
        strikes=(Strike(HUP), Strike(INT)), why="what nohup ignores stays ignored",
    ),
    Row("P-29", SLOWLY, answers("Hello"), modes=IN_PIPE, strikes=ASLEEP, why="suspended"),
]  # fmt: skip


def piped(id: str, script: s.Scene, via: str, shown: str = "", code: int = 141) -> Row:
    """A row whose reader leaves, even before it asks; the status is the one that bash has for it."""
    expect = Expect(code, None, shown, 1 if shown else range(2))
    again = Again(Call())
    return Row(id, script, expect, call=Call(via=via), modes=BOTH_PLAIN, again=again)


MUCH = s.ok("line\n" * 100_000)
READERS = [
    piped("P-05", MUCH, '"$@" | head -1; exit ${PIPESTATUS[0]}', "line\n"),
    piped("P-05-json", MUCH, '"$@" --json | head -c 1; exit ${PIPESTATUS[0]}', "{"),
    piped("P-06", STALL, '"$@" | true; exit ${PIPESTATUS[0]}'),
    piped("P-06-late", HALF, '"$@" | sleep 1; exit ${PIPESTATUS[0]}'),
    piped("P-07", STALL, '"$@" 2>&1 | true; exit ${PIPESTATUS[0]}'),
    piped("P-07-err", s.error(400), 'exec 3>&1; "$@" 2>&1 >&3 | true; exit ${PIPESTATUS[0]}', "", 69),
]  # fmt: skip

DISK = 'exec unshare -Urm bash -c "mount -t tmpfs -o size=8k none /mnt && exec \\"\\$@\\"'
EIO = "exec strace -f -qq -o /dev/null -P @HOME@/cwd/out -e inject=write:error=EIO"
OUT = Call(files={"out": b""})


def unwritten(id: str, via: str, says: str, call: Call = OUT, script: s.Scene = MUCH) -> Row:
    """A row in which the answer is paid for and cannot be written."""
    return Row(
        id, script, fails(74, "write_failed", says=says), call=replace(call, via=via),
        modes=PLAIN, again=Again(replace(call, via="")),
    )  # fmt: skip


SHUT = fails(74, "stdout_closed", 0)
CLOSED = Call(via='exec "$@" >&-')
WRITTEN = Expect(0, None, "", 1, files={"answer": b"ok\n"})
TO_FILE = Call(("ask", "hi", "-o", "answer"))
ALL_CLOSED = 'exec "$@" <&- >&- 2>&-'
STDOUT = [
    unwritten("P-08", 'exec "$@" >/dev/full', "no space", Call()),
    unwritten("P-08-short", DISK + ' >/mnt/out" disk "$@"', "no space", Call()),
    unwritten("P-08-eio", EIO + ' "$@" >out', "input/output error"),
    unwritten("P-08-limit", 'ulimit -f 1; exec "$@" >/dev/full', "no space", Call()),
    Row("P-09", s.ok(), SHUT, call=CLOSED, modes=BOTH_PLAIN),
    Row("P-09-json", s.ok(), SHUT, call=Call(("ask", "hi", "--json"), via=CLOSED.via), modes=PLAIN, again=ASKED),
    Row("P-09-read", s.ok(), SHUT, call=Call(via='exec "$@" 1</dev/null'), modes=PLAIN),
    Row("P-09-err", s.ok(), answers(), call=Call(via='exec "$@" 2>&-')),
    Row("P-09-file", s.ok(), WRITTEN, call=replace(TO_FILE, via=CLOSED.via), modes=PLAIN),
    Row("P-09-all", s.ok(), WRITTEN, call=replace(TO_FILE, via=ALL_CLOSED), modes=PLAIN),
    Row("P-09-quiet", s.ok(), Expect(0, None, "", 1), call=Call(("ask", "hi", "-q"), via=CLOSED.via), modes=PLAIN),
]  # fmt: skip

NOT_READ = fails(66, "empty_input", 0)
SUMMARY = Call(("summarize",))
GIVEN = Again(Call(("summarize",), b"text"))


def given(id: str, stdin: bytes, expect: Expect, why: str = "", **env: str) -> Row:
    """A row about what stands on stdin."""
    call = Call(("summarize",), stdin, env=env)
    return Row(id, s.ok(), expect, call=call, modes=IN_PIPE, again=GIVEN, why=why)


def refused(slug: str, says: str) -> Expect:
    """Bad input, of which nothing is sent."""
    return fails(65, slug, 0, says=says)


def sends(text: str) -> Expect:
    """A good answer to a request that holds the text."""
    return replace(answers(), sent=text)


INVALID = refused("bad_encoding", "byte 3")
TEXT = "Zo\u00eb \u4f60\U0001f600"
LOCALES = {
    "empty": {}, "c": {"LC_ALL": "C"}, "posix": {"LC_ALL": "POSIX"},
    "utf8": {"LC_ALL": "C.UTF-8"}, "latin": {"LC_ALL": "de_DE", "LOCPATH": "@LOCALES@"},
    "english": {"LC_ALL": "en_US.UTF-8", "LOCPATH": "@LOCALES@"},
}  # fmt: skip
STDIN = [
    Row("P-10", s.ok(), answers(), call=Call(via='exec "$@" <&-'), modes=IN_PIPE),
    Row("P-10-needed", s.ok(), NOT_READ, call=replace(SUMMARY, via='exec "$@" <&-'), modes=IN_PIPE, again=GIVEN),
    Row("P-12", s.ok(), fails(2, "no_data", 0), call=SUMMARY, modes=SEEN, again=GIVEN),
    Row("P-12-ask", s.ok(), fails(2, "no_data|usage", 0), call=Call(("ask",)), modes=SEEN, again=ASKED),
    Row("P-12-prompt", s.ok(), answers(), modes=SEEN, why="a prompt needs no data"),
    *(given(f"P-13-{name}", b"abc\xff", INVALID, **env) for name, env in LOCALES.items()),
    *(given(f"P-13-text-{name}", TEXT.encode(), sends(TEXT), **env) for name, env in LOCALES.items()),
    given("P-14", b"text and a\0 NUL", refused("binary_input", "NUL at byte 10")),
    Row("P-15", s.ok(), refused("too_much_input", "16777216"), call=replace(SUMMARY, via='exec "$@" </dev/zero'), modes=IN_PIPE, again=GIVEN),
    Row("P-15-text", s.ok(), refused("too_much_input", "stdin"), call=replace(SUMMARY, via='yes | "$@"; exit ${PIPESTATUS[1]}'), modes=PLAIN, again=GIVEN),
    Row("P-15-file", s.ok(), refused("too_much_input", "/dev/zero"), call=Call(("ask", "hi", "-f", "/dev/zero")), modes=IN_PIPE, again=ASKED),
    given("P-16", b"", NOT_READ),
    given("P-16-blank", b" \n\t\r\n", NOT_READ),
    Row("P-17", s.ok(), fails(75, "deadline", 0), call=Call(via=FIFO), timeout=2),
    Row("P-17-n", s.ok(), answers(), call=Call(("ask", "hi", "-n"), via=FIFO), modes=IN_PIPE),
    Row("P-17-file", s.ok(), sends("text"), call=Call(("ask", "hi", "-f", "f"), via=FIFO, files={"f": b"text"}), modes=IN_PIPE),
    given("P-18", b"\xef\xbb\xbftext", sends('"text"')),
    given("P-18-crlf", b"a\r\nb\r\n", sends("a\\r\\nb\\r\\n")),
    given("P-18-utf16", "text".encode("utf-16"), refused("bad_encoding", "UTF-16")),
]  # fmt: skip

OLD = {"answer": b"old\n"}
REPLACES = Call(("ask", "hi", "-o", "answer"), files=OLD)
DRAFT = ".mcli-dadd4a25"
"""What stands beside `answer` while it is written."""
NEW = Expect(0, None, "", 1, files={"answer": b"ok\n"})
TRACE = "exec strace -f -qq -o /dev/null"


def interrupted(id: str, call: str, fault: str, expect: Expect, **files: bytes) -> Row:
    """A row in which the system fails while a file is being replaced; the old one stays."""
    via = f'{TRACE} -e trace={call} -e inject={call}:{fault} "$@"'
    told = replace(expect, files={**OLD, **files})
    return Row(
        id,
        s.ok(),
        told,
        call=replace(REPLACES, via=via),
        modes=PLAIN,
        again=Again(None, s.ok(), NEW),
    )


FAILED = fails(74, "write_failed", says="input/output error")
NO_FILES = fails(74, "io_error", 0, says="too many open files")
RENAME = "rename,renameat,renameat2"
SMALL = 'ulimit -f 1; exec "$@"'
FILES = [
    interrupted("P-20", RENAME, "signal=KILL", dies(KILL), **{DRAFT: b"ok\n"}),
    interrupted("P-20-rename", RENAME, "error=EIO", FAILED),
    interrupted("P-20-write", "fsync", "signal=KILL", dies(KILL), **{DRAFT: b"ok\n"}),
    interrupted("P-20-folder", "fsync", "signal=KILL:when=2", dies(KILL), answer=b"ok\n"),
    interrupted("P-20-term", "fsync", "signal=TERM:when=1", dies(TERM), answer=b"ok\n"),
    interrupted("P-22", "fsync", "error=EIO:when=1", FAILED),
    Row(
        "P-23", MUCH, replace(fails(74, "write_failed", says="too large"), files=OLD),
        call=replace(REPLACES, via=SMALL), modes=PLAIN, again=Again(None, s.ok(), NEW),
    ),
    *(Row(f"P-23-files-{n}", s.ok(), NO_FILES, call=Call(via=f'ulimit -n {n}; exec "$@"'), modes=IN_PIPE) for n in (5, 6)),
]  # fmt: skip

READ_ONLY = 'chmod -R a-w @HOME@; exec unshare -U --map-user=65534 --map-group=65534 "$@"'
"""As a user without privileges, who may read everything here and write nothing."""
NOWHERE = {
    "HOME": "",
    "XDG_STATE_HOME": "",
    "XDG_CACHE_HOME": "",
    "XDG_DATA_HOME": "",
    "TMPDIR": "",
}
NO_CONFIG = {"MCLI_CONFIG": "", "CANARY_KEY": ""}
UNREAD = Call(("ask", "hi", "-o", "@HOME@/user/fifo"), via='mkfifo @HOME@/user/fifo; exec "$@"')
NO_FILE = replace(fails(73, "no_permission", 0), files={})
BUG = b"import mcli.reading\ndef read(*a): raise KeyError(a)\nmcli.reading.read = read\n"
BROKEN = Call(env={"PYTHONPATH": "@HOME@/cwd:@ROOT@"}, files={"sitecustomize.py": BUG})
EMOJI = "\U0001f389 Zo\u00eb"
STREAMS = {"PYTHONIOENCODING": "ascii"}
LATIN = {"PYTHONUTF8": "0", **LOCALES["latin"]}
DUMB = {"TERM": "dumb", "CI": "1", "COLUMNS": "20", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}
LONG = "word " * 60
LIMITED = {"MCLI_RPM": "60", "MCLI_TPM": "100000"}
THREE = '"$@" & "$@" & "$@"; status=$?; wait && exit $status'
DAMAGED = (
    "d=$XDG_STATE_HOME/mcli/limits; mkdir -m 700 -p $d; "
    'head -c 5000 /dev/zero >$d/limits-1.sqlite3; exec "$@"'
)


def clock(shift: str) -> Call:
    """A call whose wall clock is that far off."""
    return Call(via=f'exec faketime -f "{shift}" "$@"', env={"FAKETIME_DONT_FAKE_MONOTONIC": "1"})


SURROUNDINGS = [
    Row("P-24", s.ok(), answers(), call=Call(via=READ_ONLY), modes=IN_PIPE),
    Row("P-24-file", s.ok(), NO_FILE, call=replace(TO_FILE, via=READ_ONLY), modes=PLAIN, again=Again(None, s.ok(), NEW)),
    Row("P-24-homeless", s.ok(), answers(), call=Call(via='unset HOME; exec "$@"', env=NOWHERE), modes=IN_PIPE),
    Row("P-27", s.ok(), Expect(0, None, "ok\nok\nok\n", 3, alike=False), call=Call(via=THREE, env=LIMITED), modes=PLAIN),
    Row("P-27-read-only", s.ok(), answers(), call=Call(via=READ_ONLY, env=LIMITED), modes=IN_PIPE),
    Row("P-27-damaged", s.ok(), answers(), call=Call(via=DAMAGED, env=LIMITED), modes=PLAIN),
    Row("P-27-clock", s.ok(), answers(), call=replace(clock("+20y"), env=LIMITED), modes=PLAIN),
    *(Row(f"P-28-{n}", s.ok(), answers(), call=clock(shift), modes=PLAIN) for n, shift in enumerate(("+1h", "-1h", "+20y"))),
    Row("P-28-1970", [s.status(503), s.ok()], answers(attempts=2), call=clock("1970-01-02 00:00:00"), modes=PLAIN),
    Row("P-31", s.ok(), fails(78, "no_key", 0, says="MEGALLM_API_KEY"), call=Call(env=NO_CONFIG), modes=IN_PIPE),
    Row("P-31-path", s.ok(), fails(78, "no_key", 0, says="@HOME@/user/.config/mcli/config.yaml"), call=Call(env=NO_CONFIG), modes=PLAIN),
    Row("P-32", s.ok(EMOJI), answers(EMOJI), call=Call(env=STREAMS)),
    Row("P-32-latin", s.ok(EMOJI), answers(EMOJI), call=Call(env=LATIN)),
    Row("P-33", s.ok(LONG), answers(LONG), call=Call(env=DUMB)),
    Row("P-34", s.ok(), fails(70, "bug", says="KeyError"), call=BROKEN, modes=PLAIN, again=ASKED),
    Row("P-34-json", s.ok(), replace(fails(70, "bug", None), told={"error.charged": "maybe"}), call=BROKEN, modes=(JSON,), again=ASKED),
    Row("P-35-fifo", s.ok(), fails(75, "deadline"), call=UNREAD, timeout=2, modes=PLAIN, again=ASKED, why="an output that nobody reads"),
    Row("P-35", s.ok(), fails(75, "deadline", None), call=resolved("silent"), timeout=1, modes=IN_PIPE),
]  # fmt: skip

ROWS = [*SIGNALS, *READERS, *STDOUT, *STDIN, *FILES, *SURROUNDINGS]
