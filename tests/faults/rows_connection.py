"""Rows: what goes wrong on the wire, from the connection to the framing of events."""

from __future__ import annotations

import json

from . import scenes as s
from .catalogue import FEW, IN_PIPE, STREAMED, WIRE, Row, answers, fails
from .oracles import Prefix
from .server import End, Reply, Scene, Seen, Step

FIN, RST, STALL = End.FIN, End.RST, End.STALL
JSON = "application/json"
HELLO = s.dumps(s.completion("Hello"))
ODD = "Zoë 你好 😀\u2028\u2029\x85 end"
"""Characters of one to four bytes, and what some libraries take for the end of a line."""
LINES = b"".join((*s.deltas(ODD), s.DONE))
"""The body of a good stream that says it."""


def broken_off(*last: bytes) -> Reply:
    """A stream that shows Hello and then sends `last`."""
    return s.chunked(*s.deltas("Hello", finish=None), *last)


def halfway(*end: Step) -> Scene:
    """Half a good reply in chunked coding, then `end` instead of the next chunk."""
    plain = s.chunked(HELLO[:40], kind=JSON, end=end)
    return s.by_wire(plain, s.chunked(*s.deltas("Hello", finish=None), end=end))


def smuggled(text: str) -> Reply:
    """A cut reply whose surplus bytes look like the reply to the next request."""
    extra = b"".join(
        step for step in s.as_json(s.completion(text)).steps if isinstance(step, bytes)
    )
    return s.as_json(HELLO[:-20] + extra, length=-len(extra))


NO_BODY = Reply((s.head(headers={"Content-Length": "99"}), s.BEFORE_RESET, RST))
TOO_SHORT = Reply((*s.as_json(HELLO, length=10).steps, s.BEFORE_RESET, FIN))
MIXED_CUTS = [s.status(503), TOO_SHORT, TOO_SHORT, s.ok()]
"""Of all attempts, one at most may follow a spoilt reply."""
STALE = Reply((*s.status(503).steps, FIN))
STALE_RST = Reply((*s.status(503).steps, s.BEFORE_RESET, RST))
CUT = fails(75, "reply_cut", 2), fails(75, "reply_cut", FEW)
CUT_SHOWN = fails(75, "reply_cut", 2), fails(75, "reply_cut", 1, "Hello")

CONNECTION = [
    Row("N-03", s.ok(), fails(75, "connect_refused", None, says="127.0.0.1"), door="shut"),
    Row("N-06", s.hangup(FIN), fails(75, "disconnected", 3)),
    Row("N-06-once", [s.hangup(FIN), s.ok()], answers(attempts=2)),
    Row("N-07", s.hangup(RST), fails(75, "disconnected", 3)),
    Row("N-07-once", [s.hangup(RST), s.ok()], answers(attempts=2)),
    Row("N-08", NO_BODY, *CUT),
    Row("N-09", s.cut(FIN), *CUT_SHOWN, modes=IN_PIPE),
    Row("N-09-once", [s.cut(FIN), s.ok()], answers(attempts=2), modes=IN_PIPE),
    Row("N-10", s.cut(RST), *CUT_SHOWN, modes=IN_PIPE),
    Row("N-11", s.cut(FIN), *CUT_SHOWN, modes=STREAMED),
    Row("N-12", s.cut(RST), *CUT_SHOWN, modes=STREAMED),
    Row("N-24", TOO_SHORT, *CUT),
    Row("N-24-none", TOO_SHORT, fails(75, "reply_cut"), retries=0, modes=IN_PIPE),
    Row("N-24-mixed", MIXED_CUTS, fails(75, "reply_cut", 3), retries=5, modes=IN_PIPE),
    Row("N-76", [STALE, s.ok()], answers(attempts=2), retries=1, modes=IN_PIPE),
    Row("N-76-reset", [STALE_RST, s.ok()], answers(attempts=2), retries=1, modes=IN_PIPE),
]

LATE = fails(75, "deadline")
DRIP = s.drip(s.as_json(HELLO), 0.1, after=120)
PINGS = s.by_wire(s.endless(b"\n", 0.05, kind=JSON), s.endless(b": ping\n\n", 0.05))
TICKS = s.by_wire(DRIP, s.endless(s.event(s.chunk("tick ")), 0.1))

SLOW = [
    Row("N-17", s.hangup(STALL), LATE, timeout=2),
    Row("N-18", s.drip(s.as_json(HELLO), 0.1), LATE, timeout=2),
    Row("N-19", DRIP, LATE, timeout=2, modes=IN_PIPE),
    Row("N-22", PINGS, LATE, timeout=2),
    Row("N-23", TICKS, LATE, fails(75, "deadline", 1, Prefix("tick ")), timeout=2),
]


def long_event(_: Seen) -> Reply:
    """A stream that would be good, but for one event of more than 8 MiB."""
    return s.chunked(*s.deltas("x" * 9 * 2**20), s.DONE)


TOO_MUCH = fails(76, "limit_exceeded")
EXES = s.endless(s.event(s.chunk("x" * 2**20)))
EXES_SHOWN = fails(76, "limit_exceeded", 1, Prefix("x"))
LONG_LINE = s.endless(b"x" * 65536, before=b"data: ")
LONG_JSON = s.endless(b"x" * 65536, before=b'{"more": "', kind=JSON)
LONG_HEADER = Reply((s.head(headers={"X": "x" * 2**21}) + HELLO, FIN))
MANY_HEADERS = Reply((s.head(headers=[("X-Header", "x")] * 10_000) + HELLO, FIN))
OVER_THE_CAP = Reply((s.head(headers=[("X-Header", "x")] * 6_000) + HELLO, FIN))

ENDLESS = [
    Row("N-21", EXES, TOO_MUCH, EXES_SHOWN, modes=WIRE, timeout=30, slow=True),
    Row("N-30", s.encoded(s.bomb(500 * 2**20)), TOO_MUCH, timeout=30),
    Row("N-37-event", long_event, TOO_MUCH, modes=WIRE),
    Row("N-37", LONG_LINE, TOO_MUCH, modes=WIRE, timeout=30, slow=True),
    Row("N-75-long", LONG_HEADER, fails(76, "protocol_error|limit_exceeded"), modes=IN_PIPE),
    Row("N-75-cap", OVER_THE_CAP, fails(76, "limit_exceeded"), modes=IN_PIPE),
    Row("N-75-many", MANY_HEADERS, fails(76, "protocol_error|limit_exceeded"), modes=IN_PIPE),
    Row("N-78", LONG_JSON, TOO_MUCH, modes=IN_PIPE, timeout=30),
]

BAD_JSON = fails(76, "bad_json", 2), fails(76, "bad_json", FEW)
BAD_CODING = fails(76, "bad_encoding", 2), fails(76, "bad_encoding", FEW)
BAD_FRAME = fails(76, "protocol_error", 2), fails(76, "protocol_error", 1, "Hello")
NOT_HTTP = fails(76, "protocol_error", FEW)
OLD_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
ZIPPED = s.gzipped(HELLO)
BAD_SUM = ZIPPED[:-8] + bytes([ZIPPED[-8] ^ 1]) + ZIPPED[-7:]

CODING = [
    Row("N-25", s.as_json(HELLO, length=-20), *BAD_JSON),
    Row("N-25-smuggled", [smuggled("evil"), s.ok()], answers(attempts=2), modes=IN_PIPE),
    Row("N-26", s.until_close(HELLO[:-20], kind=JSON), *BAD_JSON),
    Row("N-27", halfway(b"zz\r\nHello\r\n", FIN), *BAD_FRAME),
    Row("N-28", s.encoded(ZIPPED[: len(ZIPPED) // 2]), *BAD_CODING),
    Row("N-28-whole", s.encoded(ZIPPED), answers("Hello"), why="gzip that nobody asked for"),
    Row("N-29-trailer", s.encoded(ZIPPED[:-8]), *BAD_CODING, modes=IN_PIPE),
    Row("N-29-sum", s.encoded(BAD_SUM), *BAD_CODING),
    Row("N-29-plain", s.encoded(HELLO), *BAD_CODING, modes=IN_PIPE),
    Row("N-31-br", s.encoded(HELLO, "br"), fails(76, "bad_encoding"), modes=IN_PIPE),
    Row("N-31-zstd", s.encoded(HELLO, "zstd"), fails(76, "bad_encoding"), modes=IN_PIPE),
    Row("N-31-twice", s.encoded(ZIPPED, "gzip, gzip"), fails(76, "bad_encoding"), modes=IN_PIPE),
    Row("N-32", s.as_json(HELLO.replace(b"Hello", b"H\xffllo")), *BAD_CODING),
    Row("N-75-http10", Reply((OLD_HEAD + HELLO, FIN)), answers("Hello"), modes=IN_PIPE),
    Row("N-75-status", Reply((b"HTTP/1.1 two hundred\r\n\r\n", FIN)), NOT_HTTP, modes=IN_PIPE),
    Row(
        "N-75-old",
        Reply((HELLO + b"\r\n\r\n", FIN)),
        NOT_HTTP,
        why="HTTP/0.9: a body alone",
        modes=IN_PIPE,
    ),
]

ENDED = s.chunked(*s.deltas("Hello"), end=(s.BEFORE_RESET, FIN))
SILENT = s.chunked(*s.deltas("Hello"), end=(STALL,))
HELD = s.chunked(*s.deltas("Hello"), s.DONE, end=(STALL,))
NO_END = fails(75, "stream_truncated", 2), fails(75, "stream_truncated", 1, "Hello")
BUSY_SHOWN = fails(75, "server_busy", 3), fails(75, "server_busy", 1, "Hello")
RATE_SHOWN = fails(75, "rate_limited", 3), fails(75, "rate_limited", 1, "Hello")
BOOM = s.event(s.failure("boom", "server_error"))
PAY = s.event(s.failure("pay", "insufficient_quota", "insufficient_quota"))
RATE = s.event(s.failure("slow down", "requests", "rate_limit_exceeded"))
LONG = s.event(s.failure("too long", "invalid_request_error", "context_length_exceeded"))
NO = s.event(s.failure("no", "invalid_request_error", 400))
ROUTER = s.event(s.chunk(finish="error") | s.failure("boom", code=502))
NOT_UTF8 = s.event(b'{"choices":[{"index":0,"delta":{"content":"\xff"}}]}')

STREAMS = [
    Row("N-13", s.until_close(*s.deltas("Hello", finish=None)), *NO_END, modes=WIRE),
    Row("N-14", broken_off(), *NO_END, modes=WIRE),
    Row("N-15", s.chunked(*s.deltas("Hello")), answers("Hello"), modes=WIRE),
    Row("N-15-cut", ENDED, answers("Hello"), modes=WIRE, why="cut after the finish_reason: whole"),
    Row("N-15-held", HELD, answers("Hello"), modes=WIRE, why="[DONE] is the end, not the close"),
    Row("N-15-silent", SILENT, answers("Hello"), modes=WIRE, why="the last word was said"),
    Row("N-15-after", s.chunked(LINES + b"data: {\n\n"), answers(ODD), modes=WIRE),
    Row(
        "N-15-done", broken_off(s.DONE), answers("Hello"), modes=WIRE, why="[DONE] alone is enough"
    ),
    Row("N-16-busy", broken_off(BOOM), *BUSY_SHOWN, modes=WIRE),
    Row("N-16-first", [s.chunked(BOOM), s.ok()], answers(attempts=2), modes=WIRE),
    Row("N-16-name", broken_off(s.event({"message": "boom"}, "error")), *BUSY_SHOWN, modes=WIRE),
    Row("N-16-text", broken_off(s.event({"error": "boom"})), *BUSY_SHOWN, modes=WIRE),
    Row("N-16-router", broken_off(ROUTER), *BUSY_SHOWN, modes=WIRE),
    Row("N-16-rate", broken_off(RATE), *RATE_SHOWN, modes=WIRE),
    Row("N-16-quota", broken_off(PAY), fails(77, "quota", 1, "Hello"), modes=STREAMED),
    Row("N-16-bad", broken_off(NO), fails(69, "bad_request", 1, "Hello"), modes=STREAMED),
    Row("N-16-long", s.chunked(LONG), fails(65, "context_length"), modes=WIRE),
    Row("N-33", broken_off(NOT_UTF8), fails(76, "bad_encoding", 1, "Hello"), modes=STREAMED),
]


def in_lines(text: str) -> bytes:
    """An event whose JSON is spread over several `data:` lines."""
    lines = json.dumps(s.chunk(text, "stop"), indent=1).splitlines()
    return "".join(f"data: {line}\n" for line in lines).encode() + b"\n"


CR, CRLF = LINES.replace(b"\n", b"\r"), LINES.replace(b"\n", b"\r\n")
# Never a lone CR before an empty line that ends in LF: the two would be one end of line.
ENDS = (b"\r\n", b"\r", b"\n", b"\r\n", b"\r", b"\r\n")
MIXED = b"".join(part + ENDS[n % 6] for n, part in enumerate(LINES.split(b"\n")))
NO_SPACE = LINES.replace(b"data: ", b"data:")
FIELDS = LINES.replace(b"data: {", b": note\nid: 7\nretry: 5\nodd\nevent: message\ndata: {")
NO_BLANK = LINES.replace(b"\n\n", b"\n")
NO_NEWLINE = b"".join(s.deltas(ODD)).rstrip(b"\n")
AZURE = s.event({"choices": [], "prompt_filter_results": []}) + LINES
COUNTED = b"".join((*s.deltas(ODD), s.event({"choices": [], "usage": s.USAGE}), s.DONE))
PARTS = [{"type": "text", "text": "He"}, {"type": "text", "text": "llo"}]

GOOD_STREAMS = [
    Row("N-34", s.chunked(*s.pieces(LINES, 1)), answers(ODD), modes=WIRE),
    Row("N-34-two", s.chunked(*s.pieces(CRLF, 2)), answers(ODD), modes=WIRE),
    Row("N-34-wire", s.one_byte(s.chunked(CRLF)), answers(ODD), modes=WIRE),
    Row("N-34-json", s.one_byte(s.as_json(s.completion(ODD))), answers(ODD), modes=IN_PIPE),
    Row("N-35", s.chunked(LINES), answers(ODD), modes=WIRE),
    Row(
        "N-35-vt",
        s.chunked(LINES.replace(b"end", b"\x0bend")),
        answers(ODD.replace("end", "\x0bend")),
        modes=WIRE,
    ),
    Row("N-36-cr", s.chunked(CR), answers(ODD), modes=WIRE),
    Row("N-36-crlf", s.chunked(CRLF), answers(ODD), modes=WIRE),
    Row("N-36-mixed", s.chunked(MIXED), answers(ODD), modes=WIRE),
    Row("N-36-space", s.chunked(NO_SPACE), answers(ODD), modes=WIRE),
    Row("N-36-lines", s.chunked(in_lines("Hello"), s.DONE), answers("Hello"), modes=WIRE),
    Row(
        "N-36-bom", s.chunked(b"\xef\xbb\xbf", *s.deltas(ODD)[1:], s.DONE), answers(ODD), modes=WIRE
    ),
    Row("N-36-fields", s.chunked(FIELDS), answers(ODD), modes=WIRE),
    Row("N-36-blank", s.chunked(NO_BLANK), answers(ODD), modes=WIRE),
    Row("N-36-last", s.until_close(NO_NEWLINE), answers(ODD), modes=WIRE),
    Row("N-48-first", s.chunked(AZURE), answers(ODD), modes=WIRE),
    Row("N-48-last", s.chunked(COUNTED), answers(ODD), modes=WIRE),
    Row("N-49-delta", s.chunked(s.event(s.chunk(PARTS)), s.DONE), answers("Hello"), modes=WIRE),
    Row(
        "N-50-split",
        s.chunked(*s.deltas("a\ud83d", "\ude00b"), s.DONE),
        answers("a😀b"),
        modes=WIRE,
    ),
]

ROWS = [*CONNECTION, *SLOW, *ENDLESS, *CODING, *STREAMS, *GOOD_STREAMS]
