"""Rows: a batch, its records, its journal and its end."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

from mcli import journal_line

from . import scenes as s
from .catalogue import OK, PLAIN, Again, Call, Row, Strike
from .oracles import JOURNAL, Expect, Prefix
from .server import End, Pause, Reply, Script

INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
REFUSED, LATER = s.error(400), s.error(500)
STALL = s.hangup(End.STALL)
SLOWLY = Reply((Pause(1.0), *s.as_json(s.completion()).steps))

ASK = ("batch", "-e", "Say {{ data }}", "--text", "-j", "1")
KEPT = (*ASK, "--journal", JOURNAL)
THREE = b"a\nb\nc\n"
ROWS_OF = ("batch", "-e", "Say {{ x }}", "--from", "jsonl", "--into", "a", "-j", "1")


def lines(count: int) -> str:
    return "ok\n" * count


def whole(asked: int = 3, count: int = 3) -> Expect:
    """All are answered, as many of them as `asked` by this run."""
    return Expect(0, None, lines(count), asked, alike=False)


def ends(
    code: int, slug: str, shown: str | Prefix, asked: int | range | None, says: str = ""
) -> Expect:
    """The end of a run that does not have all."""
    return Expect(code, slug, shown, asked, alike=False, says=(says,) if says else ())


def row(
    id: str, script: Script, expect: Expect, again: Expect | Again | None = None, **more: Any
) -> Row:
    """A row of three records without a journal; once the fault is gone all are answered."""
    call = more.pop("call", Call(ASK, THREE))
    alone = replace(call, via="", files={}, env={})
    healed = again if isinstance(again, Again) else Again(alone, OK, again or whole())
    return Row(id, script, expect, **{"call": call, "modes": PLAIN, "again": healed, **more})


def kept(id: str, script: Script, expect: Expect, again: Expect, via: str = "", **more: Any) -> Row:
    """A row of three records with a journal: `again` tells what the same command does then."""
    return row(id, script, expect, again, call=Call(KEPT, THREE, via=via), **more)


AGAIN = '"$@" <@HOME@/stdin >first 2>&1; rm first; exec "$@" <@HOME@/stdin'
"""The command, and once more."""
KILLED = (
    f'(strace -f -qq -o /dev/null -P @HOME@/cwd/{JOURNAL} -e inject=write:signal=KILL:when=3 "$@" '
    '<@HOME@/stdin ; :) >first 2>&1; rm first; exec "$@" <@HOME@/stdin'
)
"""Killed when the first answer is about to be kept, and the command once more."""
DOUBT = "in_doubt"
WAIT = s.error(429, headers={"Retry-After": "1"})

BATCH = [
    row("B-01", OK, whole()),
    row("B-02", [OK, REFUSED, OK], ends(3, "batch_partial", "ok\n\nok\n", 3, "1 of 3 records failed")),
    kept("B-03", [OK, LATER, OK], ends(75, "batch_try_again", "ok\n\nok\n", 3), whole(1), retries=0),
    kept("B-04", [OK, s.error(401), OK], ends(77, "auth", "ok\n", None), whole(2)),
    kept("B-04-quota", [OK, s.error(429, name="insufficient_quota"), OK], ends(77, "quota", "ok\n", None), whole(2)),
    row(
        "B-05", OK, ends(75, "provider_down", Prefix("\n"), 0), whole(100, 100), door="shut", retries=0,
        call=Call(ASK, b"a\n" * 100),
    ),
    row(
        "B-06", [*[WAIT] * 4, OK], whole(12, 8), call=Call((*ASK[:-1], "4"), b"a\n" * 8),
        timeout=30, why="all wait together, and nothing fails",
    ),
    row(
        "B-07", OK, ends(77, "max_requests", "ok\nok\n", None), call=Call((*KEPT, "--max-requests", "2"), THREE),
        again=Again(Call((*KEPT, "--max-requests", "3"), THREE), OK, whole(1)),
    ),
    row(
        "B-07-cost", OK, ends(77, "max_cost", "", 0), call=Call((*ASK, "-m", "gpt-4", "--max-cost", "0.000001"), THREE),
        again=Again(Call((*ASK, "-m", "gpt-4"), THREE), OK, whole()),
    ),
    row("B-08", [OK, STALL, OK], ends(75, "batch_try_again", "ok\n\nok\n", 3), timeout=2),
    kept("B-09", OK, whole(3), whole(0), via=AGAIN),
    kept("B-10", [OK, REFUSED, OK], ends(3, "batch_partial", "ok\n\nok\n", 3), whole(1), via=AGAIN),
    kept("B-11", OK, ends(78, "journal_changed", "", 3, "model was test-model, now other"), whole(0), via=AGAIN + " -m other"),
    kept("B-13", OK, whole(4), whole(0), via=KILLED),
    kept("B-13-fail", OK, ends(65, DOUBT, "", 1, "1 request"), whole(3), via=KILLED + " --in-doubt fail"),
    kept("B-13-skip", OK, ends(3, "batch_partial", "\nok\nok\n", 3), whole(1), via=KILLED + " --in-doubt skip"),
    row("B-14", OK, whole(3000, 3000), call=Call(ASK, via='seq 3000 | "$@" -j 8'), timeout=30, slow=True),
    row("B-15", SLOWLY, whole(), strikes=(Strike(signal.SIGSTOP), Strike(signal.SIGCONT, 4.0))),
    row(
        "B-16", OK, Expect(141, None, "ok\n", None, alike=False), Expect(0, None, lines(500), range(1, 500), alike=False),
        call=Call(KEPT, b"a\n" * 500, via='"$@" <@HOME@/stdin | head -n 1; exit ${PIPESTATUS[0]}'), timeout=20,
    ),
]  # fmt: skip


def damaged(id: str, journal: bytes, says: str) -> Row:
    """A row with a journal that is not to be written to."""
    call, files = Call(KEPT, THREE, files={JOURNAL: journal}), {JOURNAL: journal}
    healed = Again(Call(ASK, THREE), OK, replace(whole(), files=files))
    expect = replace(ends(65, "bad_journal", "", 0, says), files=files)
    return row(id, OK, expect, healed, call=call)


HEAD = journal_line.header("0" * 16, "0.1.0", "2026-01-01T00:00:00Z", {"model": "test-model"})
END = journal_line.end(0, 0, 0)
JOURNALS = [
    damaged("B-12", journal_line._line("hdr", {"v": 2}), "version 2"),  # pyright: ignore[reportPrivateUsage]
    damaged("B-12-damage", HEAD + END[:-9] + b"x" + END[-8:] + END, "2 (byte"),
    damaged("B-12-foreign", b"my notes\n", "no journal of mcli"),
]

GRACEFUL = "interrupted"


def signalled(id: str, number: int, *strikes: Strike, **more: Any) -> Row:
    """A row whose first record is asked for when the signal comes, and is kept."""
    again = more.pop("again", whole(2))
    expect = more.pop("expect", ends(-number, GRACEFUL, "ok\n", 1, "1 records are done"))
    return kept(id, more.pop("script", SLOWLY), expect, again, strikes=strikes, timeout=30, **more)


SIGNALS = [
    signalled("P-02", INT, Strike(INT)),
    signalled(
        "P-02-second", INT, Strike(INT), Strike(INT, 5.0), script=STALL, again=whole(3),
        expect=Expect(-INT, None, "", 1),
    ),
    signalled("P-03-batch", TERM, Strike(TERM)),
    signalled("P-03-batch-hup", HUP, Strike(HUP)),
    signalled(
        "P-03-batch-ignored", INT, Strike(HUP), Strike(INT), expect=whole(), again=whole(0),
        via='trap "" HUP INT; exec "$@"',
    ),
]  # fmt: skip

FULL = (
    'exec unshare -Urm bash -c "mount -t tmpfs -o size=8k none /mnt && exec \\"\\$@\\"" disk "$@" '
    "--journal /mnt/j"
)
TWENTY = b"a\n" * 20
PROCESS = [
    kept("P-19", OK, whole(4), whole(0), via=KILLED),
    row(
        "P-21", OK, ends(74, "write_failed", Prefix("ok\n"), None, "no space"), whole(20, 20),
        call=Call(ASK, TWENTY, via=FULL, env={"TMPDIR": "/mnt"}),
    ),
    kept("P-25", OK, ends(75, "journal_busy", "", 0), whole(3), via=f'umask 077; exec 9<>{JOURNAL}; flock 9; "$@" 9<&-'),
    row(
        "P-27", OK, whole(6, 6), timeout=20,
        call=Call(ASK, THREE, via='"$@" --rpm 600 <@HOME@/stdin & "$@" --rpm 600 && wait $!'),
    ),
]  # fmt: skip


def read(id: str, stdin: bytes, expect: Expect, **more: Any) -> Row:
    """A row about what stands in lines of JSON."""
    again = Again(Call(ROWS_OF, b'{"x": 1}\n'), OK, Expect(0, None, '{"x": 1, "a": "ok"}\n', 1))
    return Row(id, OK, expect, call=Call(ROWS_OF, stdin, **more), modes=PLAIN, again=again)


GOOD = '{"x": 1, "a": "ok"}\n'


def bad(*told: str, fields: str = "") -> str:
    """The lines of rows that failed."""
    return "".join(f'{{{fields}"a": null, "a_error": "{each}"}}\n' for each in told)


def partly(shown: str, asked: int = 1) -> Expect:
    """Some rows failed."""
    return ends(3, "batch_partial", shown, asked)


SAME = b'{"id": "a", "x": 1}\n{"id": "a", "x": 2}\n'
DEEP = b'{"x": ' + b"[" * 5000 + b"\n"
LONG = """{ head -c 100000000 /dev/zero | tr '\\0' x; echo; cat @HOME@/stdin; } | "$@" """
MISSING = r"bad_variables: the recipe \"-e\" cannot be filled in: missing: x"
CHANGED = 'cp @HOME@/stdin in; "$@" in >out; echo d >>in; "$@" in; s=$?; rm in out; exit $s'
GROWS = 'cp @HOME@/stdin in; (sleep 1; echo d >>in) & "$@" in; s=$?; rm in; exit $s'
INPUT = [
    read(
        "I-17", b'{"x": 1}\n{bad\n{"x": 1}\n',
        partly(GOOD + bad("bad_record: line 2: column 2: not JSON: expecting property name enclosed in double quotes") + GOOD, 2),
    ),
    read(
        "I-18", b'[1]\n{"y": 1}\n{"x": null}\n{"x": 1}\n',
        partly(
            bad("bad_record: line 1: column 1: neither an object nor a text")
            + bad(MISSING, fields='"y": 1, ') + bad(MISSING, fields='"x": null, ') + GOOD
        ),
    ),
    read("I-19", b'{"x": 1}\n', partly(bad("too_much_input: line 1: more than 16,777,216 bytes") + GOOD), via=LONG),
    read("I-20", b'\xef\xbb\xbf{"x": 1}\r\n\r\n\n{"x": 1}', Expect(0, None, GOOD + GOOD, 2)),
    read("I-21", SAME, ends(65, "same_id", "", 0, "line 2")),
    read(
        "I-21-pipe", SAME, via='cat @HOME@/stdin | "$@"',
        expect=partly(
            '{"id": "a", "x": 1, "a": "ok"}\n'
            + bad('same_id: line 2: the id \\"a\\" was given before, with other content', fields='"id": "a", "x": 2, ')
        ),
    ),
    read(
        "I-22", b'{"x": "\\ud800"}\n{"x": NaN}\n{"x": ' + b"9" * 5000 + b"}\n" + DEEP + b'{"x": 1}\n',
        partly(
            bad(
                "bad_record: line 1: it has half a character (a lone surrogate)",
                "bad_record: line 2: NaN is not JSON",
                "bad_record: line 3: a number has too many digits",
                "bad_record: line 4: column 5006: nested deeper than 100 levels",
            ) + GOOD
        ),
    ),
    read("I-23", b"", Expect(0, None, "", 0)),
    kept("I-25", OK, whole(4, 4), whole(0), via=CHANGED, why="another input, and the same journal"),
    kept("I-25-grows", SLOWLY, whole(4, 4), whole(0), via=GROWS),
]  # fmt: skip

ROWS = [*BATCH, *JOURNALS, *SIGNALS, *PROCESS, *INPUT]
