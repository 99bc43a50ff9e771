"""However the bytes of an event stream are cut, it has the same events, found in linear time."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from types import FrameType

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mcli.api.sse import LARGEST_EVENT, Event, EventTooLarge, Framer
from tests.api import growth

CHUNK = '{"choices":[{"delta":{"content":"你\\n\u2028\x85😀"}}]}'

FRAGMENTS = [
    b"data: ", b"data:", b"data", b"event: error", b"event:x", b"error: {}", b"id: 1", b": ping",
    b"retry: 5", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\r\r", b"[DONE]", b"{", b"}",
    b'{"a":1}', b'{"a":', b"1}", b" ", b":", b"\xef\xbb\xbf", "é😀\u2028\x85".encode(), b"\xff",
    b"\x00", CHUNK.encode(), b"data: 1\n\n",
]  # fmt: skip

streams = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=4), max_size=30).map(b"".join)


def outcome(*pieces: bytes) -> tuple[list[Event], str]:
    """The events of a stream that comes in `pieces`, and what ended it if not its end."""
    framer = Framer()
    found: list[Event] = []
    try:
        for piece in pieces:
            found.extend(framer.feed(piece))
        found.extend(framer.close())
    except (UnicodeDecodeError, EventTooLarge) as error:
        return found, type(error).__name__
    return found, ""


def data(raw: bytes) -> list[str]:
    """The data of the events in `raw`, which is a good stream."""
    events, error = outcome(raw)
    assert not error
    return [event.data for event in events]


def pieces_of(raw: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[start:end] for start, end in pairwise(places)]


@given(streams, st.lists(st.integers(0, 1000), max_size=10))
@example(b"\xef\xbb\xbfdata: 1\r\n\r\ndata: 2\r\n\r\n", [1, 2, 11, 12, 13])
@example(b"data: a\r\ndata: b\r\r", [8, 9, 17])
@settings(deadline=None)
def test_any_cut_of_the_bytes_gives_the_same_events(raw: bytes, cuts: list[int]) -> None:
    assert outcome(*pieces_of(raw, cuts)) == outcome(raw)


@given(streams)
@settings(deadline=None)
def test_bytes_one_by_one_give_the_same_events(raw: bytes) -> None:
    assert outcome(*(bytes([byte]) for byte in raw)) == outcome(raw)


lines = st.sampled_from(
    ["", "data: a", "data: {}", "data: [DONE]", "event: error", ": \u2028", "id"]
)


@given(st.lists(st.tuples(lines, st.sampled_from(["\n", "\r", "\r\n"]))))
@settings(deadline=None)
def test_any_mix_of_line_ends_gives_the_same_events(ended: list[tuple[str, str]]) -> None:
    mixed = "".join(line + end for line, end in ended)
    assume(mixed.count("\r\n") == [end for _, end in ended].count("\r\n"))  # no two made one
    assert outcome(mixed.encode()) == outcome("".join(f"{line}\n" for line, _ in ended).encode())


@pytest.mark.sweep
@pytest.mark.parametrize("line", ["data\n", "event: x\n", "data: {}\n\n", ": x\n", "\r", "x"])
def test_the_time_for_many_lines_is_linear(line: str) -> None:
    assert growth(lambda count: outcome(line.encode() * count), 5000) < 24


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_small_cut_of_a_real_stream(size: int, end: str) -> None:
    lines = [": hello", f"data: {CHUNK}", "", "event: error", 'data: {"x":1}', "", "data:[DONE]"]
    raw = end.join([*lines, "", ""]).encode()
    events = [Event("", CHUNK), Event("error", '{"x":1}'), Event("", "[DONE]")]
    assert outcome(*(raw[i : i + size] for i in range(0, len(raw), size))) == (events, "")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", []),
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d\r\n\n", ["a", "b", "c", "d"]),
        (b"data: a\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b'data: {"a":\ndata: 1}\n\n', ['{"a":\n1}']),
        (b"data\ndata: b\n\n", ["\nb"]),
        (b"data: a\n", ["a"]),
        (b"data: a", ["a"]),
        (b"data: a\r", ["a"]),
        (b'data: {"a":1}\ndata: {"b":2}\n\n', ['{"a":1}', '{"b":2}']),
        (b'data: {"a":1}\ndata: [DONE]\n\n', ['{"a":1}', "[DONE]"]),
        (b"data: [DONE]\ndata: 1\n\n", ["[DONE]", "1"]),
        (b'data: {"a":"\t"}\ndata: 1\n\n', ['{"a":"\t"}', "1"]),
        (b"data: 1\0\ndata: 2\n\n", ["1\0\n2"]),
        (b"data:\n\n", []),
        (b"data: \n\ndata: a\n\n", ["a"]),
        (b": ping\n\n: OPENROUTER PROCESSING\n\ndata: a\n\n", ["a"]),
        (b"id: 1\nretry: 9\nother: x\nnothing\ndata: a\n\n", ["a"]),
        (b"\n\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b" data: a\n\ndata: b\n\n", ["b"]),
        (b"DATA: a\n\ndata: b\n\n", ["b"]),
        ("data: a\u2028b\u2029c\x85d\x0be\x0cf\n\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf"]),
        (b"\xef\xbb", []),
    ],
)
def test_the_data_of_a_stream(raw: bytes, expected: list[str]) -> None:
    assert data(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"event: error\ndata: a\n\n", Event("error", "a")),
        (b"data: a\nevent: error\n\n", Event("error", "a")),
        (b"event: ping\n\ndata: a\n\n", Event("", "a")),
        (b'error: {"code":400}\n\n', Event("error", '{"code":400}')),
        (b'error: {"code":400}', Event("error", '{"code":400}')),
    ],
)
def test_the_name_of_an_event(raw: bytes, expected: Event) -> None:
    assert outcome(raw) == ([expected], "")


def test_a_name_does_not_outlive_its_event() -> None:
    events, _ = outcome(b"event: error\ndata: a\n\ndata: b\n\n")
    assert [event.name for event in events] == ["error", ""]


def test_a_byte_order_mark_inside_the_stream_is_text() -> None:
    assert data("data: \ufeffa\n\n".encode()) == ["\ufeffa"]


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_data_that_is_not_utf8_is_refused_and_not_replaced(bad: bytes) -> None:
    assert outcome(b"data: a\n\ndata: " + bad + b"\n\n") == ([Event("", "a")], "UnicodeDecodeError")


def test_a_comment_that_is_not_utf8_is_a_comment() -> None:
    assert data(b": \xff\n\ndata: a\n\n") == ["a"]


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers(), min_size=1), max_size=5))
@settings(deadline=None)
def test_what_a_server_says_is_what_arrives(values: list[dict[str, str | int]]) -> None:
    raw = "".join(f"data: {json.dumps(value, ensure_ascii=False)}\n\n" for value in values)
    assert [json.loads(text) for text in data(raw.encode())] == values


def endless(start: bytes, line: bytes) -> int:
    """Bytes that a framer takes of an event that never ends before it refuses more."""
    framer = Framer()
    list(framer.feed(start))
    for count in range(1, 3 * LARGEST_EVENT // len(line)):
        try:
            list(framer.feed(line))
        except EventTooLarge:
            return count * len(line)
    pytest.fail("an event may grow for ever")


@pytest.mark.parametrize(
    ("start", "line"),
    [
        (b"data: ", b"x" * (1 << 20)),
        (b": ", b"x" * (1 << 20)),
        (b"", b"data: " + b"x" * (1 << 20) + b"\n"),
        (b"", b"error: " + b"x" * (1 << 20) + b"\n"),
    ],
    ids=["a line", "a comment", "lines of data", "lines of errors"],
)
def test_an_event_that_never_ends_is_refused_at_the_limit(start: bytes, line: bytes) -> None:
    assert endless(start, line) <= LARGEST_EVENT + 2 * len(line)


@pytest.mark.parametrize("size", [64 << 10, 16 << 20])
def test_an_event_over_the_limit_is_refused_however_it_is_cut(size: int) -> None:
    raw = b"data: " + b"x" * (LARGEST_EVENT + (1 << 20)) + b"\n\n"
    assert outcome(*(raw[i : i + size] for i in range(0, len(raw), size)))[1] == "EventTooLarge"


def test_many_events_together_may_be_larger_than_one() -> None:
    event = b"data: " + b"x" * (1 << 20) + b"\n\n"
    framer = Framer()
    assert sum(len(list(framer.feed(event))) for _ in range(12)) == 12


def test_a_hundred_thousand_pieces_of_a_byte() -> None:
    framer = Framer()
    for byte in b"data: " + b"x" * 100_000:
        assert not list(framer.feed(bytes([byte])))
    assert [len(event.data) for event in framer.close()] == [100_000]


@pytest.mark.parametrize(
    "raw",
    [b"data: [\n" + b"data: 1,\n" * 1500, b"data: [" + b"1," * 5000 + b"\n" + b"event: x\n" * 1500],
    ids=["data", "names"],
)
def test_an_event_of_many_lines_is_not_read_again_for_each(raw: bytes) -> None:
    read = 0

    def watch(frame: FrameType, kind: str, _: object) -> None:
        nonlocal read
        if kind == "call" and frame.f_code is json.loads.__code__:
            read += len(frame.f_locals["s"])

    sys.setprofile(watch)
    try:
        outcome(raw)
    finally:
        sys.setprofile(None)
    assert read <= 20 * len(raw)
