"""Rows: what a batch with a journal leaves, and how the same command goes on with it."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

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
    kept("B-03-resumed", [OK, LATER, OK], ends(75, "batch_try_again", "ok\n\nok\n", 3), whole(1), retries=0),
    row(
        "B-05-alone", OK, replace(ends(75, "provider_down", Prefix("\n"), 0, "attempts=10"), total=False), whole(100, 100),
        door="shut", retries=0,
        call=Call(ASK, b"a\n" * 100),
    ),
    row(
        "B-06", [*[WAIT] * 4, OK], whole(12, 8), call=Call((*ASK[:-1], "4"), b"a\n" * 8),
        timeout=30, why="all wait together, and nothing fails",
    ),
    row(
        "B-07-resumed", OK, ends(77, "max_requests", "ok\nok\n", None), call=Call((*KEPT, "--max-requests", "2"), THREE),
        again=Again(Call((*KEPT, "--max-requests", "3"), THREE), OK, whole(1)),
    ),
    row(
        "B-07-cost", OK, ends(77, "max_cost", "", 0), call=Call((*ASK, "-m", "gpt-4", "--max-cost", "0.000001"), THREE),
        again=Again(Call((*ASK, "-m", "gpt-4"), THREE), OK, whole()),
    ),
    kept("B-09", OK, whole(3), whole(0), via=AGAIN),
    row(
        "B-10", [OK, REFUSED, OK], ends(3, "batch_partial", "ok\n\nok\n", 3), call=Call(KEPT, THREE, via=AGAIN),
        again=Again(Call((*KEPT, "--retry-failed"), THREE), OK, whole(1)),
    ),
    kept("B-11", OK, ends(78, "journal_changed", "", 3, "model was test-model, now other"), whole(0), via=AGAIN + " -m other"),
    kept("B-13", OK, whole(4), whole(0), via=KILLED),
    kept("B-13-fail", OK, ends(65, DOUBT, "", 1, "1 request"), whole(3), via=KILLED + " --in-doubt fail"),
    kept(
        "B-13-skip", OK, replace(ends(3, "batch_partial", "\nok\nok\n", 3, "attempts=2"), total=False), whole(1),
        via=KILLED + " --in-doubt skip", why="the first of three requests was of the run that was killed",
    ),
    row("B-14", OK, whole(3000, 3000), call=Call(ASK, via='seq 3000 | "$@" -j 8'), timeout=30, slow=True),
    row(
        "B-16", OK, Expect(141, None, "ok\n", None, alike=False), Expect(0, None, lines(500), range(1, 500), alike=False),
        call=Call(KEPT, b"a\n" * 500, via='"$@" <@HOME@/stdin | head -n 1; exit ${PIPESTATUS[0]}'), timeout=20,
    ),
]  # fmt: skip


GRACEFUL = "interrupted"


def signalled(id: str, number: int, *strikes: Strike, **more: Any) -> Row:
    """A row whose first record is asked for when the signal comes, and is kept."""
    again = more.pop("again", whole(2))
    expect = more.pop("expect", ends(-number, GRACEFUL, "ok\n", 1, "1 records are done"))
    return kept(id, more.pop("script", SLOWLY), expect, again, strikes=strikes, timeout=30, **more)


SIGNALS = [
    signalled(
        "P-02-second", INT, Strike(INT), Strike(INT, 5.0), script=STALL, again=whole(3),
        expect=Expect(-INT, None, "", 1),
    ),
    signalled("P-02-resumed", INT, Strike(INT)),
    signalled("P-03-batch-resumed", TERM, Strike(TERM)),
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
]  # fmt: skip


CHANGED = 'cp @HOME@/stdin in; "$@" in >out; echo d >>in; "$@" in; s=$?; rm in out; exit $s'
GROWS = 'cp @HOME@/stdin in; (sleep 1; echo d >>in) & "$@" in; s=$?; rm in; exit $s'
INPUT = [
    kept("I-25", OK, whole(4, 4), whole(0), via=CHANGED, why="another input, and the same journal"),
    kept("I-25-grows", SLOWLY, whole(4, 4), whole(0), via=GROWS),
]  # fmt: skip

ROWS = [*BATCH, *SIGNALS, *PROCESS, *INPUT]
