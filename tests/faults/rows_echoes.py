"""Rows: a server, or a bug, that gives the key back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import quote

from . import scenes as s
from .catalogue import (
    ASKED,
    BUFFERED,
    IN_PIPE,
    JSON,
    PLAIN,
    Again,
    Call,
    Row,
    answers,
    fails,
)
from .leaks import CANARY, QUOTE
from .oracles import Expect
from .rows_status import ELSEWHERE, HERE

BAD, AUTH, MOVED = fails(69, "bad_request"), fails(77, "auth"), fails(78, "redirected")
SAID = f"Incorrect API key provided: {CANARY}. See your settings"
URL = quote(CANARY, safe="")
LOUD = Call(("ask", "hi", "-v"))
DEBUG = Call(("ask", "hi", "--debug"))
FILE = Call(("ask", "hi", "-o", "answer"))
WRITTEN = Again(None, s.ok(), Expect(0, None, "", 1, files={"answer": b"ok\n"}))
BROKEN_OFF = s.by_wire(
    s.as_json(s.failure(SAID, None, 400)),
    s.chunked(*s.deltas("Hello", finish=None), s.event(s.failure(SAID, None, 400))),
)
NAMES = {"id": CANARY, "model": f"gpt {CANARY}", "system_fingerprint": CANARY}
GAVE_BACK = s.as_json(s.completion() | NAMES, headers={"x-request-id": CANARY})
HIDDEN = {"request_id": "***", "model": "gpt ***"}
IN_HEADERS = s.error(400, headers={"x-request-id": CANARY, "cf-ray": CANARY, "Server": CANARY})
NOT_JSON = s.whole(CANARY.encode(), headers={"Content-Type": f"text/{CANARY}"})
CODED = s.as_json(b"{}", headers={"Content-Encoding": CANARY})
LATER = [s.error(503, message=SAID), s.ok()]
ENDED = s.as_json(s.completion(finish=CANARY))

ECHOES = [
    Row("S-05", s.error(400, message=SAID), BAD),
    Row("S-05-401", s.error(401, message=SAID), replace(AUTH, says=("provided: ***. See",))),
    Row("S-05-500", s.error(500, message=SAID), fails(75, "server_busy", 2), retries=1),
    Row("S-05-429", s.error(429, SAID, SAID, SAID), fails(75, "rate_limited"), retries=0, modes=IN_PIPE),
    Row("S-05-page", s.status(400, {}, SAID.encode()), BAD, modes=IN_PIPE),
    Row("S-05-title", s.html(404, f"<title>{CANARY}</title>"), fails(69, "not_found"), modes=IN_PIPE),
    Row("S-05-param", s.error(400, CANARY, CANARY, "no"), BAD, modes=IN_PIPE),
    Row("S-05-long", s.error(400, message="x" * 280 + CANARY), BAD, modes=IN_PIPE, why="the cut at 300 characters goes through the key"),
    Row("S-05-cut", s.error(400, message=SAID[:50]), BAD, modes=IN_PIPE, why="half of it"),
    Row("S-05-location", s.redirect(307, f"{ELSEWHERE}?key={URL}"), MOVED, modes=IN_PIPE),
    Row("S-05-userinfo", s.redirect(302, f"http://u:{URL}@127.0.0.2{HERE}"), MOVED, modes=IN_PIPE),
    Row("S-05-headers", IN_HEADERS, replace(BAD, says=("req=***",), told={"request_id": "***"}), modes=IN_PIPE),
    Row("S-05-ok", GAVE_BACK, replace(answers(), told=HIDDEN), modes=IN_PIPE),
    Row("S-05-kind", NOT_JSON, fails(76, "not_json"), modes=IN_PIPE),
    Row("S-05-coding", CODED, fails(76, "bad_encoding"), modes=IN_PIPE),
    Row("S-05-finish", ENDED, replace(answers(), told={"finish_reason": "***"}), modes=(JSON,)),
    Row("S-05-event", BROKEN_OFF, BAD, fails(69, "bad_request", shown="Hello")),
    Row("S-05-status", s.Reply((f"HTTP/1.1 400 {CANARY}\r\nContent-Length: 0\r\n\r\n".encode(),)), BAD, modes=IN_PIPE),
    Row("S-05-http", s.Reply((f"{CANARY}\r\n\r\n".encode(), s.End.FIN)), fails(76, "protocol_error"), modes=IN_PIPE),
    Row("S-05-answer", s.ok(QUOTE), replace(answers(QUOTE), quotes=True), why="an answer is data: it comes whole or not at all"),
    Row("S-05-file", s.ok(QUOTE), Expect(0, None, "", 1, files={"answer": f"{QUOTE}\n".encode()}, quotes=True), call=FILE, modes=PLAIN),
    Row("S-05-o", s.error(400, message=SAID), BAD, call=FILE, modes=PLAIN, again=WRITTEN),
    Row("S-05-v", LATER, replace(answers(attempts=2), notes=("attempt 1", "***")), call=LOUD, modes=IN_PIPE),
    Row("S-05-v-names", GAVE_BACK, replace(answers(), notes=("model=gpt ***", "req=***")), call=LOUD, modes=PLAIN),
    Row("S-05-debug", s.error(400, message=SAID), BAD, call=DEBUG),
]  # fmt: skip


def packed(text: str) -> str:
    """Base64."""
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "url": URL,
    "url-small": URL.replace("%2F", "%2f").replace("%2B", "%2b"),
    "url-twice": quote(URL),
    "json": CANARY.replace("/", "\\/"),
    "unicode": "".join(f"\\u{ord(mark):04x}" for mark in CANARY),
    "html": CANARY.replace("/", "&#x2F;").replace("+", "&#43;"),
    "base64": packed(CANARY),
    "bearer": packed(f"Bearer {CANARY}"),
    "basic": packed(f"user:{CANARY}"),
    "basic-url": base64.urlsafe_b64encode(f"u:{CANARY}".encode()).decode(),
    "base64-twice": packed(packed(f"user:{CANARY}")),
    "base64-in-url": quote(packed(CANARY), safe=""),
    "wrapped": "\n  ".join(CANARY[at : at + 11] for at in range(0, len(CANARY), 11)),
    "spaced": " ".join(CANARY),
    "folded": "\r\n".join(packed(CANARY)[at : at + 10] for at in range(0, 80, 10)),
    "header": json.dumps({"authorization": f"Bearer {CANARY}"}),
}
PIECE = CANARY[9:27]
CLEAN = replace(BAD, says=("got ***",))
DISGUISED = [
    *(Row(f"S-14-{name}", s.error(400, message=f"got {form}!"), BAD, modes=IN_PIPE) for name, form in FORMS.items()),
    Row("S-14", s.error(400, message=f"got {CANARY}, sorry"), replace(CLEAN, says=("got ***, sorry",))),
    Row("S-14-piece", s.error(400, message=f"got {PIECE}, sorry"), replace(CLEAN, says=("got ***, sorry",), hides=(PIECE,))),
    Row("S-14-hint", s.error(400, message="got sk-c****62f9"), replace(BAD, says=("sk-c****62f9",)), modes=IN_PIPE, why="so services show a key, and it helps to find the wrong one"),
]  # fmt: skip


def bug(*lines: str, into: str = "mcli.reading.read = read") -> Call:
    """A call of a program with this defect."""
    head = ["import os, mcli.reading", "KEY = os.environ['CANARY_KEY']", "good = mcli.reading.read"]
    code = "\n".join([*head, "def read(*a):", *(f"    {line}" for line in lines), into, ""])
    env = {"PYTHONPATH": "@HOME@/cwd:@ROOT@"}
    return Call(env=env, files={"sitecustomize.py": code.encode()})


def debugged(call: Call) -> Call:
    """The same with --debug."""
    return replace(call, argv=DEBUG.argv)


IMPORTS = {"lib/typer.py": b"import os\nraise KeyError(os.environ['MCLI_API_KEY'])\n"}
CHAIN = bug(
    "try: raise ValueError(KEY)",
    "except ValueError as e: raise RuntimeError(f'Bearer {KEY}!') from e",
)
THREAD = bug(
    "import threading, time",
    "def run(key): raise ValueError(key)",
    "threading.Thread(target=run, args=[KEY]).start()",
    "time.sleep(60)",
)
DEL = bug(
    "class Odd:",
    "    def __del__(self): raise ValueError(KEY)",
    "Odd()",
    "return good(*a)",
)
TASK = bug(
    "import asyncio, gc",
    "lost = asyncio.get_running_loop().create_future()",
    "try: raise ValueError(KEY)",
    "except ValueError as error: lost.set_exception(error)",
    "del lost",
    "gc.collect()",
    "return good(*a)",
)
GROUP = bug("raise ExceptionGroup(KEY, [ValueError(KEY), OSError(5, KEY)])")
NOTE = bug("error = LookupError(KEY)", "error.add_note(KEY)", "raise error")
EARLY = Call(env={"PYTHONPATH": "@HOME@/cwd/lib:@ROOT@", "MCLI_API_KEY": CANARY}, files=IMPORTS)
BUG = fails(70, "bug", None)
TRACED = replace(BUG, notes=("Traceback", "***"))
SHOWN = replace(answers(), notes=("Traceback", "ValueError: ***"))
BUGS = [
    Row("S-06", s.ok(), replace(BUG, says=("RuntimeError",)), call=CHAIN, modes=(BUFFERED, JSON), again=ASKED),
    Row("S-06-debug", s.ok(), TRACED, call=debugged(CHAIN), modes=IN_PIPE, again=ASKED),
    Row("S-06-group", s.ok(), TRACED, call=debugged(GROUP), modes=PLAIN, again=ASKED),
    Row("S-06-note", s.ok(), TRACED, call=debugged(NOTE), modes=PLAIN, again=ASKED),
    Row("S-06-thread", s.ok(), replace(BUG, says=("ValueError",)), call=THREAD, modes=IN_PIPE, again=ASKED),
    Row("S-06-thread-debug", s.ok(), TRACED, call=debugged(THREAD), modes=PLAIN, again=ASKED),
    Row("S-06-del", s.ok(), answers(), call=DEL, modes=IN_PIPE, why="it changes no result"),
    Row("S-06-del-debug", s.ok(), SHOWN, call=debugged(DEL), modes=IN_PIPE),
    Row("S-06-task", s.ok(), answers(), call=TASK, modes=IN_PIPE),
    Row("S-06-task-debug", s.ok(), SHOWN, call=debugged(TASK), modes=PLAIN),
    Row("S-06-import", s.ok(), replace(BUG, attempts=0, says=("KeyError",)), call=EARLY, modes=IN_PIPE, again=ASKED, why="1 would be a verdict"),
    Row("S-06-import-debug", s.ok(), replace(TRACED, attempts=0), call=debugged(EARLY), modes=PLAIN, again=ASKED),
]  # fmt: skip

ROWS = [*ECHOES, *DISGUISED, *BUGS]
