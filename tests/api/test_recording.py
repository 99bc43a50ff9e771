"""What a recording holds: canonical requests, replies that say the same again, no secrets."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import profiles, redaction
from mcli.api import recording
from mcli.api.recording import Heard
from mcli.api.sse import Framer
from mcli.api.wire import Call
from tests.faults import scenes
from tests.program import ROOT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
BODIES = st.dictionaries(
    st.sampled_from(["model", "messages", "seed", "stop", "temperature"]), JSON, min_size=1
)
ASKED: dict[str, Any] = {"path": "/chat/completions", "body": {"model": "m"}}


def call(body: dict[str, Any] | None, base: str = "https://a.test/v1", key: str = "k") -> Call:
    ending = "/models" if body is None else "/chat/completions"
    raw = None if body is None else json.dumps(body).encode()
    return Call(profiles.endpoint(base, ending), {"Authorization": f"Bearer {key}"}, raw)


def key(call: Call) -> str:
    return recording.key_of(recording.request_of(call))


def kept(body: bytes, status: int = 200, streams: bool = False, **headers: str) -> Any:
    """The reply as the line for it has it, read back."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    entry = recording.entry(ASKED, Heard(status, named, body, streams))
    again = recording.parse(entry.text.encode(), 1)
    assert (again.request, again.reply, again.key) == (entry.request, entry.reply, entry.key)
    return again.reply


def events(raw: bytes) -> list[Any]:
    framer = Framer()
    return [(e.name, value(e.data)) for e in (*framer.feed(raw), *framer.close())]


def value(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data


@given(BODIES, st.booleans() | st.none(), st.text(), st.randoms())
def test_the_key_leaves_out_host_key_order_and_stream(
    body: dict[str, Any], stream: bool | None, secret: str, random: Any
) -> None:
    names = list(body)
    random.shuffle(names)
    other = {name: body[name] for name in names}
    other |= {"stream": stream, "stream_options": {"include_usage": True}}

    one, two = call(body), call(other, "http://b.test:9/x/y?api-version=2", secret)
    assert key(one) == key(two)


@given(BODIES, BODIES)
def test_the_key_leaves_out_nothing_else(one: dict[str, Any], two: dict[str, Any]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)

    assert (key(call(one)) == key(call(two))) is same
    assert key(call(one)) != key(call(None))


@given(JSON.filter(lambda value: isinstance(value, (dict, list))))
def test_a_reply_that_is_json_is_kept_as_the_value(body: Any) -> None:
    raw = json.dumps(body).encode()
    reply = kept(raw)

    assert reply["json"] == body
    assert json.loads(b"".join(recording.pieces(reply))) == body


@given(st.binary())
def test_any_other_reply_comes_back_byte_for_byte(body: bytes) -> None:
    reply = kept(b"x" + body)

    assert b"".join(recording.pieces(reply)) == b"x" + body


@given(st.lists(st.tuples(st.sampled_from(["", "error", "ping"]), JSON | st.text())))
def test_a_stream_comes_back_event_for_event(told: list[tuple[str, Any]]) -> None:
    raw = b"".join(
        (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(data).encode()
        + b"\n\n: keep-alive\n\n" for name, data in told
    )  # fmt: skip
    reply = kept(raw + scenes.DONE, streams=True)

    assert "events" in reply
    assert events(b"".join(recording.pieces(reply))) == events(raw + scenes.DONE)
    assert len(list(recording.pieces(reply))) == len(reply["events"])


@given(st.lists(st.sampled_from([b"data: ", b"data:{}", b"event: x", b"\n", b"\r", b"\xff", b"a"])))
def test_a_broken_stream_comes_back_as_it_will_be_read(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    try:
        before = events(raw)
    except UnicodeDecodeError:
        assert b"".join(recording.pieces(kept(raw, streams=True))) == raw
        return

    assert events(b"".join(recording.pieces(kept(raw, streams=True)))) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"a": NaN}', "text"),
        (b'{"a": 1e999}', "text"),
        (b'{"a": "tab\tin text"}', "text"),
        (b"[" * 100_000, "text"),
        (b'{"a": ' + b"9" * 5000 + b"}", "text"),
        (b'"a word"', "text"),
        (b"", "text"),
        (b"\xef\xbb\xbf{}", "json"),
        (b"<html>data: x\n\n", "text"),
        (b"\xff\xfe", "base64"),
    ],
    ids=repr,
)
def test_what_json_cannot_say_again_is_text(body: bytes, kind: str) -> None:
    assert kind in kept(body)
    assert kind in kept(body, streams=True)


def test_a_line_is_one_line_and_harmless_to_show() -> None:
    nasty = "a\n\r\u2028\x1b[2J\u202e\ud800\x7f\U000e0041é😀"
    entry = recording.entry({"path": "/x", "body": {"m": nasty}}, Heard(200, {}, b"{}", False))

    assert entry.text.isprintable()
    assert entry.text.encode()
    assert "é😀" in entry.text
    assert recording.parse(entry.text.encode(), 1).request["body"]["m"] == nasty


def test_only_the_headers_that_are_read_are_kept() -> None:
    reply = kept(
        b"{}", content_type="application/json", date="Mon", set_cookie="secret=1", x_request_id="r"
    )

    assert reply["headers"] == {"content-type": "application/json", "x-request-id": "r"}


@pytest.mark.parametrize(
    ("after", "dated"), [("Wed, 21 Oct 2026 07:28:00 GMT", True), ("5", False)]
)
def test_a_date_is_kept_where_a_wait_counts_from_it(after: str, dated: bool) -> None:
    headers = kept(b"{}", 429, retry_after=after, date="Wed, 21 Oct 2026 07:27:00 GMT")["headers"]

    assert ("date" in headers) is dated


def test_every_header_that_is_read_is_kept() -> None:
    """Names of headers in the source: what `headers.get`, `headers[…]`, `_values` and `in` take."""
    read: set[str] = set()
    for path in (ROOT / "mcli" / "api").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            source = ast.unparse(node) if isinstance(node, ast.Call | ast.Compare) else ""
            if "headers" in source and source.count("(") <= 1:
                read |= {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
    names = {word for word in read if isinstance(word, str) and word.islower() and "-" in word}

    assert {"retry-after", "content-type", "x-should-retry"} <= names
    assert names - {"content-encoding"} <= set(recording.HEADERS)


class TestSecrets:
    @pytest.fixture(autouse=True)
    def secret(self, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(redaction, "_runs", dict[int, set[str]]())
        redaction.remember("sk-canary-0123456789")
        return "sk-canary-0123456789"

    def test_a_secret_is_hidden_in_request_and_reply(self, secret: str) -> None:
        asked = call({"messages": [{"content": f"my key: {secret}"}], secret: 1})
        body = json.dumps({"error": {"message": f"bad key {secret}", secret: [secret]}}).encode()
        heard = Heard(401, {"x-request-id": secret}, body, False)
        text = recording.entry(recording.request_of(asked), heard).text

        assert secret not in text
        assert text.count("***") == 6

    @pytest.mark.parametrize("size", [1, 3, 7, 100])
    def test_a_secret_that_streams_in_pieces_is_hidden(self, secret: str, size: int) -> None:
        answer = f"the key is {secret}, they say"
        parts = [answer[i : i + size] for i in range(0, len(answer), size)]
        stream = b"".join(scenes.event(scenes.chunk(part)) for part in parts) + scenes.DONE
        reply = kept(stream, streams=True)
        said = "".join(e["data"]["choices"][0]["delta"]["content"] for e in reply["events"][:-1])

        assert said == "the key is ***, they say"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\xff", "not UTF-8"),
        (b"<<<<<<< HEAD", "not JSON"),
        (b'{"v":1,"request":{"path":"/models"},"rep', "not JSON"),
        (b'{"v":2,"request":{"path":"/models"},"reply":{"status":200,"json":{}}}', "version 2"),
        (b'{"request":{"path":"/models"},"reply":{"status":200,"json":{}}}', "no request"),
        (b'{"v":1,"request":{"path":"/models"},"reply":{"status":200}}', "no request"),
        (b'{"v":1,"request":{"path":"/models"},"reply":{"status":"200","json":{}}}', "no request"),
        (b'{"v":1,"request":{"path":"/models"},"reply":{"status":200,"base64":"?"}}', "no request"),
        (b'{"v":1,"request":{"path":"/models"},"reply":{"status":200,"events":[1]}}', "no request"),
        (b'{"v":1,"request":{"path":""},"reply":{"status":2,"json":{},"headers":{"":1}}}', "no re"),
        (b"[]", "no request"),
        (b"[" * 100_000, "not JSON"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_a_line_that_is_none_says_why(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        recording.parse(line, 1)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_an_entry_or_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="it is "):
        recording.parse(line, 1)
