"""EDGE (pure): what a recording holds: requests and their replies, a line each, fit for a diff.

A line is `{"v": 1, "request": {"path", "body"}, "reply": {"status", "headers", …}}`. The body of a
reply is there as `json`, `events`, `text` or `base64`, whichever is the first that says all that
mcli would read in it. What differs from run to run and says nothing is left out: the host, the
key, whether the reply was streamed, keep-alive comments, and most headers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from mcli import profiles, redaction
from mcli.api import verdicts
from mcli.api.sse import EventTooLarge, Framer
from mcli.api.wire import Call
from mcli.shapes import frozen

VERSION = 1
HEADERS = (
    "content-type", "date", "location", "retry-after", "retry-after-ms", "x-should-retry",
    *verdicts.REQUEST_IDS,
)  # fmt: skip
"""The headers of a reply that mcli reads."""

UNKEYED = ("stream", "stream_options")
"""How a reply travels, which depends on where stdout goes and not on what is asked."""

_KINDS = ("json", "events", "text", "base64")
_ORDER = ("path", "body", "status", "headers", *_KINDS)


@frozen
class Heard:
    """A reply as it was read: its body, or as much of it as there was need to read, and whether
    a stream had been asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    streams: bool


@frozen
class Entry:
    """A line of a recording (`text`), with its request and reply as JSON values; `number` is the
    line's in its file, from 1."""

    request: dict[str, Any]
    reply: dict[str, Any]
    text: str
    number: int = 0

    @property
    def key(self) -> str:
        """Its request as text."""
        return key_of(self.request)


def key_of(request: Mapping[str, Any]) -> str:
    """A request as text: the same for equal ones, and the order of a recording's lines."""
    return _line(request)


def asks_stream(call: Call) -> bool:
    """Whether the reply to `call` is to come as a stream."""
    return call.body is not None and bool(json.loads(call.body).get("stream"))


def request_of(call: Call) -> dict[str, Any]:
    """What is asked, wherever it is sent and however the reply is to travel."""
    path = urlsplit(call.url).path
    ending = profiles.ENDING if path.endswith(profiles.ENDING) else f"/{path.rpartition('/')[2]}"
    if call.body is None:
        return {"path": ending}
    body = json.loads(call.body)
    kept = {n: v for n, v in body.items() if n not in UNKEYED}
    return redaction.redact_all({"path": ending, "body": kept})


def canonical(value: Any) -> str:
    """`value` as JSON, the same whatever the order of its keys, and harmless to show."""
    told = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return redaction.escaped(told)


def entry(request: dict[str, Any], heard: Heard) -> Entry:
    """The line for a reply to `request`, without secrets."""
    kept = {name: heard.headers[name] for name in HEADERS if heard.headers.get(name)}
    if not re.search("[A-Za-z]", kept.get("retry-after", "")):
        kept.pop("date", None)  # it only says from when a date counts
    reply = redaction.redact_all({"status": heard.status, "headers": kept, **_told(heard)})
    text = f'{{"v":{VERSION},"request":{_line(request)},"reply":{_line(reply)}}}'
    return Entry(request, reply, text)


def parse(line: bytes, number: int) -> Entry:
    """An entry from its line. Raises ValueError that says what is wrong with it."""
    try:
        text = line.decode()
        value = json.loads(text, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    fields = _object(value)
    if "v" in fields and fields["v"] != VERSION:
        raise ValueError(f"it is of version {canonical(fields['v'])[:20]}, not {VERSION}")
    request, reply = _object(fields.get("request")), _object(fields.get("reply"))
    headers = _object(reply.get("headers"))
    if not (
        "v" in fields
        and isinstance(request.get("path"), str)
        and isinstance(request.get("body", {}), dict)
        and isinstance(reply.get("status"), int)
        and all(isinstance(word, str) for word in headers.values())
        and any(_is_body(reply, kind) for kind in _KINDS)
    ):
        raise ValueError("it is no request with its reply")
    return Entry(request, reply, text.strip(), number)


def pieces(reply: Mapping[str, Any]) -> Iterator[bytes]:
    """The body of a recorded reply; a stream event by event."""
    if "json" in reply:
        yield json.dumps(reply["json"]).encode()
    elif "events" in reply:
        yield from map(_event, reply["events"])
    elif "text" in reply:
        yield reply["text"].encode()
    else:
        yield base64.b64decode(reply["base64"])


def _told(heard: Heard) -> dict[str, Any]:
    """The body in the most readable form that loses nothing of what mcli would read."""
    try:
        value = _strict(heard.body.decode("utf-8-sig"))
        if isinstance(value, (dict, list)):
            return {"json": value}
    except (ValueError, RecursionError):
        pass
    if heard.streams and 200 <= heard.status < 300 and heard.body.lstrip()[:1] not in (b"<", b"{"):
        events = _events(heard.body)
        if events:
            _hide_spread(events)
            return {"events": events}
    try:
        return {"text": heard.body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(heard.body).decode()}


def _line(fields: Mapping[str, Any]) -> str:
    """Canonical too, but with its own fields in the order in which they are read best."""
    told = (f"{canonical(n)}:{canonical(fields[n])}" for n in _ORDER if n in fields)
    return f"{{{','.join(told)}}}"


def _events(body: bytes) -> list[dict[str, Any]] | None:
    """The events of a stream, None if they do not come out of their own record again."""
    try:
        framed = _framed(body)
        told = [_named(event.name, _data(event.data)) for event in framed]
        again = _framed(b"".join(map(_event, told)))
    except (UnicodeError, EventTooLarge):
        return None
    same = [(e.name, _data(e.data)) for e in framed] == [(e.name, _data(e.data)) for e in again]
    return told if same else None


def _framed(body: bytes) -> list[Any]:
    framer = Framer()
    return [*framer.feed(body), *framer.close()]


def _named(name: str, data: Any) -> dict[str, Any]:
    return {"event": name, "data": data} if name else {"data": data}


def _event(event: dict[str, Any]) -> bytes:
    """An event as it travels."""
    data = event["data"]
    lines = data.split("\n") if isinstance(data, str) else [json.dumps(data)]
    named = [f"event: {event['event']}"] if event.get("event") else []
    return "\n".join([*named, *(f"data: {line}" for line in lines), "", ""]).encode()


def _data(text: str) -> Any:
    """The data of an event as an object, for a diff; as text where it is none."""
    try:
        value = _strict(text)
    except (ValueError, RecursionError):
        return text
    return cast("dict[str, Any]", value) if isinstance(value, dict) else text


def _strict(text: str) -> Any:
    """The JSON value in `text`; ValueError also for one that would not come out the same."""
    value = json.loads(text, parse_constant=_refuse)
    json.dumps(value, allow_nan=False)  # a number may be too large to be finite
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _hide_spread(events: list[dict[str, Any]]) -> None:
    """Hide a secret that came in pieces: the field it is spread over then comes in one."""
    fields: dict[str, list[tuple[Any, Any]]] = {}
    for event in events:
        for path, holder, name in _texts("", _object(event["data"])):
            fields.setdefault(path, []).append((holder, name))
    for places in fields.values():
        whole = "".join(holder[name] for holder, name in places)
        hidden = redaction.redact(whole)
        if hidden != whole:
            for holder, name in places:
                holder[name], hidden = hidden, ""


def _texts(path: str, value: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each text in a JSON value: its path, what holds it and under which name."""
    if isinstance(value, dict):
        inside: Iterable[tuple[Any, Any]] = cast("dict[str, Any]", value).items()
    elif isinstance(value, list):
        inside = enumerate(cast("list[Any]", value))
    else:
        return
    for name, inner in inside:
        if isinstance(inner, str):
            yield f"{path}/{name}", value, name
        else:
            yield from _texts(f"{path}/{name}", inner)


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _is_body(reply: Mapping[str, Any], kind: str) -> bool:
    body = reply.get(kind)
    if kind == "json":
        return isinstance(body, (dict, list))
    if kind == "events":
        events = cast("list[Any]", body) if isinstance(body, list) else [None]
        return all(isinstance(_object(e).get("data"), (str, dict)) for e in events)
    if kind == "text":
        return isinstance(body, str)
    try:
        base64.b64decode(body or "", validate=True)
    except (TypeError, ValueError):
        return False
    return isinstance(body, str)
