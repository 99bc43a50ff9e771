"""Replies in words. Good ones first, then broken ones; `server` says what a scene is.

A reply to a completion is made for what the request asked (`by_wire`): JSON, or server-sent
events when its body has `"stream": true`. So a scene fits whatever the client does on the wire.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .server import End, Forever, Pause, Reply, Scene, Seen, Step

Headers = Mapping[str, str] | Sequence[tuple[str, str]]

REASONS = {200: "OK", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}
SSE_TYPE = "text/event-stream; charset=utf-8"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
DONE = b"data: [DONE]\n\n"
BEFORE_RESET = Pause(0.05)
"""A reset overtakes what the peer has not read yet; this long it has to read it."""


# -- objects of the API


def completion(content: Any = "ok", finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """The object of a whole reply; `message` adds to or replaces fields of the message."""
    said = {"role": "assistant", "content": content, "refusal": None} | message
    choice = {"index": 0, "finish_reason": finish, "logprobs": None, "message": said}
    head = {"id": "chatcmpl-7", "object": "chat.completion", "created": 1790000000}
    return head | {"model": "test-model", "choices": [choice], "usage": USAGE}


def chunk(content: Any = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """The object of one event: `content` and `delta` are what it adds to the message."""
    said = ({} if content is None else {"content": content}) | delta
    choice = {"index": 0, "finish_reason": finish, "delta": said}
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1790000000}
    return head | {"model": "test-model", "choices": [choice]}


def with_field(raw: bytes, text: str = "ok") -> bytes:
    """A good reply with one more field, whose value is `raw` as it stands."""
    return dumps(completion(text))[:-1] + b', "more": ' + raw + b"}"


def failure(message: str = "no", kind: str | None = None, code: Any = None) -> dict[str, Any]:
    """The object of an error reply."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


# -- bytes


def dumps(value: Any) -> bytes:
    """JSON as a server writes it: UTF-8, separators such as U+2028 raw; a lone half escaped."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def head(status: int = 200, headers: Headers = ()) -> bytes:
    """Status line and headers, with the empty line that ends them."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}"]
    lines += [f"{name}: {value}" for name, value in pairs]
    return "\r\n".join([*lines, "", ""]).encode()


def event(value: Any, name: str | None = None) -> bytes:
    """One server-sent event; `value` is sent as JSON unless it is bytes."""
    data = value if isinstance(value, bytes) else dumps(value)
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + data + b"\n\n"


def hunk(data: bytes) -> bytes:
    """One chunk of the chunked coding; `hunk(b"")` is the terminator."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def deltas(*texts: str, finish: str | None = "stop") -> list[bytes]:
    """The events of a stream as the API sends them, without `DONE`."""
    ends = [event(chunk(finish=finish))] if finish else []
    return [event(chunk("", role="assistant")), *(event(chunk(text)) for text in texts), *ends]


# -- whole replies


def whole(data: bytes, *, status: int = 200, headers: Headers = (), length: int = 0) -> Reply:
    """A reply with Content-Length, `length` bytes off the truth, on a connection that stays."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    pairs.append(("Content-Length", str(len(data) + length)))
    return Reply((head(status, pairs) + data,))


def as_json(value: Any, *, status: int = 200, headers: Headers = (), length: int = 0) -> Reply:
    """A reply with a JSON body; bytes are sent as they are."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    data = value if isinstance(value, bytes) else dumps(value)
    pairs.append(("Content-Type", "application/json"))
    return whole(data, status=status, headers=pairs, length=length)


def chunked(*pieces: bytes, kind: str = SSE_TYPE, end: tuple[Step, ...] = (hunk(b""),)) -> Reply:
    """A reply in chunked coding, one write for each piece; `end` is what follows the last."""
    start = head(headers={"Content-Type": kind, "Transfer-Encoding": "chunked"})
    return Reply((start, *(hunk(piece) for piece in pieces if piece), *end))


def until_close(*pieces: bytes, kind: str = SSE_TYPE) -> Reply:
    """A reply without a length: the end of the connection is its end."""
    return Reply((head(headers={"Content-Type": kind, "Connection": "close"}), *pieces, End.FIN))


def by_wire(plain: Reply, streamed: Reply) -> Scene:
    """`streamed` for a request with `"stream": true`, else `plain`."""

    def choose(seen: Seen) -> Reply:
        return streamed if seen.fields.get("stream") is True else plain

    return choose


def stream_ok(parts: Sequence[str], finish: str = "stop") -> Scene:
    """A good answer, in these parts if a stream was asked for."""
    plain = as_json(completion("".join(parts), finish))
    return by_wire(plain, chunked(*deltas(*parts, finish=finish), DONE))


def ok(text: str = "ok", finish: str = "stop") -> Scene:
    """A good answer."""
    return stream_ok([text], finish)


def status(code: int, headers: Headers = (), body: Any = b"") -> Reply:
    """Any status; a `body` that is not bytes is sent as JSON."""
    if isinstance(body, bytes):
        return whole(body, status=code, headers=headers)
    return as_json(body, status=code, headers=headers)


def error(
    code: int, kind: str | None = None, name: Any = None, message: str = "no", headers: Headers = ()
) -> Reply:
    """An error as the API words it: status, `type`, `code` and `message`."""
    return status(code, headers, failure(message, kind, name))


def html(code: int = 200, text: str = "<title>Sign in</title>") -> Reply:
    """What a captive portal, a login page or a proxy says."""
    page = f"<!doctype html><html><head>{text}</head><body>{text}</body></html>"
    return whole(page.encode(), status=code, headers={"Content-Type": "text/html"})


# -- broken replies


def hangup(end: End = End.FIN) -> Reply:
    """The connection ends (or stalls) where the reply should begin."""
    return Reply((end,))


def cut(end: End, *, at: int = -20, text: str = "Hello") -> Scene:
    """A reply that ends early: JSON `at` that byte, a stream after the delta with `text`."""
    data = dumps(completion(text))
    start = head(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
    plain = Reply((start + data[:at], BEFORE_RESET, end))
    return by_wire(plain, chunked(*deltas(text, finish=None), end=(BEFORE_RESET, end)))


def unread(reply: Reply, *then: Step) -> Reply:
    """The reply, while the request's body is left in the socket; `then` it goes on."""
    return Reply((*reply.steps, *then), reads_body=False)


def drip(reply: Reply, every: float, *, after: int = 0) -> Reply:
    """The same bytes; from byte `after` on, one at a time and `every` so many seconds."""
    data = b"".join(step for step in reply.steps if isinstance(step, bytes))
    steps: list[Step] = [data[:after]] if after else []
    for number in range(after, len(data)):
        steps += [Pause(every), data[number : number + 1]]
    return Reply(tuple(steps))


def one_byte(reply: Reply) -> Reply:
    """The same bytes, one write for each."""
    data = b"".join(step for step in reply.steps if isinstance(step, bytes))
    ends = [step for step in reply.steps if isinstance(step, End)]
    return Reply((*(bytes([byte]) for byte in data), *ends))


def endless(
    piece: bytes, every: float = 0.0, *, before: bytes = b"", kind: str = SSE_TYPE
) -> Reply:
    """A reply whose body starts with `before`, repeats `piece`, and never ends."""
    start = head(headers={"Content-Type": kind, "Connection": "close"})
    return Reply((start + before, Forever(piece, every)))


def endless_head(piece: bytes, every: float = 0.0) -> Reply:
    """Never a reply, always `piece` where it should begin."""
    return Reply((Forever(piece, every),))


def redirect(code: int, location: str) -> Reply:
    """A redirect that must not be followed."""
    return status(code, {"Location": location}, b"<h1>Moved</h1>")


def gzipped(data: bytes) -> bytes:
    """`data` as a gzip member, header and 8-byte trailer included."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def encoded(data: bytes, coding: str = "gzip") -> Reply:
    """A JSON reply whose bytes are `data`, declared to be in that Content-Encoding."""
    return as_json(data, headers={"Content-Encoding": coding})


def bomb(size: int) -> bytes:
    """A gzip member that inflates to `size` bytes of spaces, made without inflating it here."""
    packer = zlib.compressobj(wbits=31)
    block = b" " * 2**20
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size // 2**20)  # after a full flush equal input gives equal bytes


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """`data` cut into pieces of `size` bytes."""
    return (data[at : at + size] for at in range(0, len(data), size))
