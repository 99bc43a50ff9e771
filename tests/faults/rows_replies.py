"""Rows: replies that arrive whole and are not, or not quite, the answer that was asked for."""

from __future__ import annotations

from typing import Any

from . import scenes as s
from .catalogue import FEW, IN_PIPE, Call, Row, answers, fails
from .server import Reply, Scene

UNSHAPED = fails(76, "wrong_shape", 2), fails(76, "wrong_shape", FEW)
EMPTY = fails(76, "empty_reply", 2), fails(76, "empty_reply", FEW)
BUSY = fails(75, "server_busy", 3)


def with_choices(value: Any) -> Reply:
    """A reply whose `choices` are that."""
    return s.as_json(s.completion() | {"choices": value})


def said(**fields: Any) -> Scene:
    """A reply without text whose message, or first delta, has these fields."""
    plain = s.as_json(s.completion(None, **fields))
    events = s.event(s.chunk(None, role="assistant", **fields)), s.event(s.chunk(finish="stop"))
    return s.by_wire(plain, s.chunked(*events, s.DONE))


def in_ok(kind: str | None, code: Any = None) -> Reply:
    """Status 200 with an error in the body."""
    return s.error(200, kind, code, "boom")


LACKING = s.completion()
del LACKING["choices"]
ESCAPES = s.html(502, "\x1b[31mBad gateway\x1b]0;owned\x07")

NOT_A_REPLY = [
    Row("N-38", s.html(), fails(76, "not_json", says="text/html")),
    Row("N-39-502", ESCAPES, BUSY),
    Row("N-39-503", s.html(503), BUSY, modes=IN_PIPE),
    Row("N-39-504", s.html(504), BUSY, modes=IN_PIPE),
    Row("N-40-busy", in_ok("server_error"), BUSY),
    Row(
        "N-40-rate",
        in_ok("requests", "rate_limit_exceeded"),
        fails(75, "rate_limited", 3),
        modes=IN_PIPE,
    ),
    Row("N-40-quota", in_ok("insufficient_quota", "insufficient_quota"), fails(77, "quota")),
    Row("N-40-bad", in_ok("invalid_request_error"), fails(69, "bad_request"), modes=IN_PIPE),
    Row("N-40-auth", in_ok(None, 401), fails(77, "auth"), modes=IN_PIPE),
    Row("N-40-text", s.as_json({"error": "boom"}), BUSY, modes=IN_PIPE),
    Row("N-40-once", [in_ok("overloaded_error"), s.ok()], answers(attempts=2)),
    Row("N-41", s.as_json(b""), *EMPTY),
    Row("N-41-blank", s.as_json(b"\n\n"), *EMPTY, modes=IN_PIPE),
    Row("N-41-204", Reply((s.head(204),)), *EMPTY),
    Row("N-41-once", [s.as_json(b""), s.ok()], answers(attempts=2), modes=IN_PIPE),
    Row("N-42-empty", with_choices([]), *UNSHAPED),
    Row("N-42-missing", s.as_json(LACKING), *UNSHAPED, modes=IN_PIPE),
    Row("N-42-null", with_choices(None), *UNSHAPED, modes=IN_PIPE),
    Row("N-42-text", with_choices("choices"), *UNSHAPED, modes=IN_PIPE),
    Row("N-42-items", with_choices([7]), *UNSHAPED, modes=IN_PIPE),
    Row("N-42-list", s.as_json([s.completion()]), *UNSHAPED, modes=IN_PIPE),
    Row("N-42-once", [with_choices([]), s.ok()], answers(attempts=2), modes=IN_PIPE),
]

TRUNCATED = fails(4, "truncated", says="--allow-truncated"), fails(4, "truncated", 1, "Hello")
FILTERED = fails(4, "content_filtered"), fails(4, "content_filtered", 1, "Hello")
LENGTH = s.by_wire(
    s.as_json(s.completion(None, "length")), s.chunked(s.event(s.chunk(finish="length")), s.DONE)
)
CALLS = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
TEXTS = [{"type": "text", "text": "He"}, {"type": "text", "text": "llo"}]
ALLOWED = ("ask", "hi", "--allow-truncated")

ANSWERS = [
    Row("N-43", LENGTH, fails(4, "truncated", says="--max-tokens")),
    Row("N-44", s.ok("Hello", "length"), *TRUNCATED),
    Row("N-44-allowed", s.ok("Hello", "length"), answers("Hello"), call=Call(ALLOWED)),
    Row("N-45", s.ok("Hello", "content_filter"), *FILTERED),
    Row("N-45-refusal", said(refusal="I cannot"), fails(4, "refusal")),
    Row("N-46", s.ok(""), fails(4, "empty_answer")),
    Row("N-47", said(tool_calls=CALLS), fails(76, "unasked_tool_calls")),
    Row("N-49-parts", s.as_json(s.completion(TEXTS)), answers("Hello")),
    Row("N-49-number", s.as_json(s.completion(7)), fails(76, "wrong_shape", FEW)),
    Row(
        "N-49-object",
        s.as_json(s.completion({"a": 1})),
        fails(76, "wrong_shape", FEW),
        modes=IN_PIPE,
    ),
    Row("N-50-lone", s.ok("a\ud83db"), answers("a\ufffdb")),
    Row("N-50-pair", s.as_json(s.completion("a\ud83d\ude00b")), answers("a😀b"), modes=IN_PIPE),
]

WITH_BOM = s.as_json(b"\xef\xbb\xbf\n\n" + s.dumps(s.completion()))
DIGITS = s.as_json(s.with_field(b"9" * 5000))
DEEP = s.as_json(s.with_field(b"[" * 100_000 + b"]" * 100_000))
TWICE = s.as_json(s.with_field(b'1, "id": "b", "id": "a"'))


def counted(usage: Any) -> Scene:
    """A good answer with that `usage`."""
    plain = s.as_json(s.completion() | {"usage": usage})
    last = s.event({"choices": [], "usage": usage})
    return s.by_wire(plain, s.chunked(*s.deltas("ok"), last, s.DONE))


ODDITIES = [
    Row("N-51-digits", DIGITS, fails(76, "bad_json|limit_exceeded", FEW)),
    Row("N-51-deep", DEEP, fails(76, "bad_json|limit_exceeded", FEW)),
    Row("N-51-nan", s.as_json(s.with_field(b"NaN")), answers(), modes=IN_PIPE),
    Row("N-51-twice", TWICE, answers(), modes=IN_PIPE),
    Row("N-52-bom", WITH_BOM, answers(), why="DeepSeek sends blank lines while it thinks"),
    Row("N-52-finish", s.as_json(s.completion("ok", None)), answers(), modes=IN_PIPE),
    Row(
        "N-52-extra",
        s.as_json(s.completion(annotations=[{}]) | {"x": {"y": [1]}}),
        answers(),
        modes=IN_PIPE,
    ),
    Row("N-52-null", counted(None), answers()),
    Row("N-52-negative", counted({"prompt_tokens": -1, "completion_tokens": None}), answers()),
    Row("N-52-text", counted({"prompt_tokens": "9", "total_tokens": "many"}), answers()),
    Row("N-52-shape", counted("none"), answers(), modes=IN_PIPE),
]

ROWS = [*NOT_A_REPLY, *ANSWERS, *ODDITIES]
