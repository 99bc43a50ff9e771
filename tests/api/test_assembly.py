"""A stream is an answer when it has proved its end; cut anywhere before, it is none."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.api import calls
from mcli.api.assembly import Assembly
from mcli.api.persist import Patience
from mcli.api.sse import Event, Framer
from mcli.chat import Completion, Message, Request, Usage
from mcli.errors import BadReply, ExitCode, Failure, Recovery, TryAgain
from tests.api import growth, json_like, once
from tests.faults import scenes
from tests.faults.server import FaultyServer


def chunk(content: Any = None, finish: Any = None, **fields: Any) -> dict[str, Any]:
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": {**delta, **fields}, "finish_reason": finish}
    return {"model": "m-1", "choices": [choice]}


def event(value: Any, name: str = "") -> Event:
    return Event(name, value if isinstance(value, str) else json.dumps(value))


DONE = event("[DONE]")
OTHER = {"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": None}]}


def assemble(*events: Event) -> tuple[str, Completion]:
    """The text that was shown, and the completion."""
    assembly = Assembly({}, "api.test")
    shown = "".join(assembly.add(each) for each in events)
    completion = assembly.completion()
    return shown + assembly.rest(), completion


def failing(*events: Event) -> Failure:
    with pytest.raises(Failure) as caught:
        assemble(*events)
    return caught.value


@pytest.mark.parametrize(
    "events",
    [
        (event(chunk("Pa")), event(chunk("ris.")), event(chunk(finish="stop")), DONE),
        (event(chunk("Paris.", "stop")),),
        (event(chunk("Paris.")), DONE),
        (event(chunk("Paris.")), event(chunk(finish="")), event(" [DONE] ")),
        (event({"choices": [], "prompt_filter_results": []}), event(chunk("Paris.", "stop"))),
        (event({"choices": [{"index": 0, "message": {"content": "Paris."}}]}), DONE),
        (event({"choices": [{"delta": {"content": "Paris."}}]}), DONE),
        (event({"choices": [{"delta": None}]}), event(chunk("Paris.", "stop"))),
        (event(chunk([{"type": "text", "text": "Paris."}])), DONE),
        (event(OTHER), event(chunk("Paris.")), DONE),
        (event(chunk("<th")), event(chunk("ink>hm</think>")), event(chunk("\nParis.")), DONE),
        (event(chunk(reasoning_content="hm")), event(chunk("Paris.", "stop"))),
        (event({"ping": 1}), event(chunk("Paris.")), event({"choices": None}), DONE),
        (event('{"choices": [], "error": NaN}'), event(chunk("Paris.")), DONE),
        (
            event(chunk("Paris.") | {"error": {}, "message": "m"}),
            event(chunk() | {"error": ""}),
            DONE,
        ),
        (event({"choices": [], "error": {}, "detail": "m"}), event(chunk("Paris.")), DONE),
    ],
)
def test_a_whole_stream_is_an_answer(events: tuple[Event, ...]) -> None:
    shown, completion = assemble(*events)
    assert shown == completion.text == "Paris."


def test_what_a_stream_says_of_itself() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    chunks = [chunk("a", refusal="I "), chunk(refusal="won't"), chunk(finish="MAX_TOKENS")]
    last = {"choices": [], "usage": usage}
    _, completion = assemble(*map(event, chunks), event(last), DONE)
    assert completion == Completion("a", "length", "m-1", Usage(9, 1, 10), "I won't")


def test_the_last_usage_counts_and_null_does_not() -> None:
    usages = [{"prompt_tokens": 1}, {"prompt_tokens": 2}, None]
    _, completion = assemble(*(event(chunk("a") | {"usage": usage}) for usage in usages), DONE)
    assert completion.usage == Usage(2)


def test_calls_of_tools_are_noticed() -> None:
    _, completion = assemble(event(chunk(tool_calls=[{"index": 0}])), DONE)
    assert completion.calls


@pytest.mark.parametrize(
    "events",
    [
        (),
        (event(chunk("Paris.")),),
        (event(chunk("Paris.", "")),),
        (event({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}),),
        (event({"choices": [], "usage": {"total_tokens": 5}}),),
    ],
)
def test_a_stream_without_an_end_is_not_an_answer(events: tuple[Event, ...]) -> None:
    failure = failing(*events)
    assert (failure.exit_code, failure.slug) == (75, "stream_truncated")
    assert failure.recovery is Recovery.CHARGED


STREAM = b"".join(
    b"data: " + json.dumps(each, ensure_ascii=False).encode() + b"\n\n"
    for each in (chunk(role="assistant"), chunk("P"), chunk("aris in été 😀"), chunk(finish="stop"))
)


def read(raw: bytes) -> str:
    """The answer in the bytes of a stream whose connection was then closed."""
    framer, assembly = Framer(), Assembly({}, "api.test")
    for each in (*framer.feed(raw), *framer.close()):
        assembly.add(each)
    return assembly.completion().text


@pytest.mark.parametrize("length", range(0, len(STREAM) - 4, 7))
def test_a_torn_stream_is_not_an_answer(length: int) -> None:
    with pytest.raises((TryAgain, BadReply, UnicodeDecodeError)):
        read(STREAM[:length])


@pytest.mark.parametrize("left_out", [20, 70, 130, 200])
def test_a_stream_that_a_server_tears_inside_an_event_is_a_cut_stream(left_out: int) -> None:
    patience = Patience(time.monotonic() + 60, 60, retries=0)
    request = Request("m", (Message("user", "hi"),), stream=True)
    with FaultyServer(scenes.until_close(STREAM[:-left_out])) as server:
        endpoint = calls.Endpoint(
            f"{server.base_url}/chat/completions", None, once.opener(server.base_url)
        )
        call = calls.complete(request, endpoint, patience, lambda note: None, None)
        with pytest.raises(Failure) as caught:
            asyncio.run(call)
    assert (caught.value.exit_code, caught.value.recovery) == (75, Recovery.CHARGED)


@pytest.mark.parametrize("length", [len(STREAM), len(STREAM) - 1, len(STREAM) - 2])
def test_a_stream_that_lacks_only_its_last_line_ends_is_one(length: int) -> None:
    assert read(STREAM[:length]) == "Paris in été 😀"


@pytest.mark.parametrize(
    ("error", "code", "slug"),
    [
        (event({"error": {"type": "server_error", "code": None}}), 75, "server_busy"),
        (event(chunk(finish="error") | {"error": {"code": 502}}), 75, "server_busy"),
        (event({"error": {"code": 429, "message": "m"}}), 75, "rate_limited"),
        (event({"error": {"code": "insufficient_quota"}}), 77, "quota"),
        (event({"error": "boom"}), 75, "server_busy"),
        (event({"message": "m"}, "error"), 75, "server_busy"),
        (event({"type": "error", "error": {"type": "overloaded"}}, "error"), 75, "server_busy"),
        (event({"code": 400, "message": "m"}, "error"), 69, "bad_request"),
        (event({}, "error"), 75, "server_busy"),
        (event("upstream died", "error"), 75, "server_busy"),
        (event('"upstream died"', "error"), 75, "server_busy"),
        (event({"error": {"code": "9" * 5000}}), 75, "server_busy"),
        (event({"message": "m"}), 75, "server_busy"),
        (event({"detail": "m"}), 75, "server_busy"),
        (event({"type": "error", "code": 400}), 69, "bad_request"),
        (event([{"error": {"code": 400}}]), 69, "bad_request"),
        (event({"error": {}}), 75, "server_busy"),
    ],
)
def test_an_error_in_the_stream_is_an_error(error: Event, code: int, slug: str) -> None:
    failure = failing(event(chunk("Par")), error, event(chunk("is.", "stop")), DONE)
    assert (failure.exit_code, failure.slug) == (code, slug)


@pytest.mark.parametrize("data", ["{", "x", "null", "7", '"x"', "[]", '{"choices": [}', "9" * 5000])
def test_an_event_that_is_no_chunk_spoils_the_reply(data: str) -> None:
    failure = failing(event(chunk("a")), event(data), DONE)
    assert (failure.exit_code, failure.slug) == (76, "bad_json")
    assert failure.recovery is Recovery.CHARGED


def test_content_that_is_no_text_spoils_the_reply() -> None:
    assert failing(event(chunk(7)), DONE).slug == "wrong_shape"


def test_a_provider_that_breaks_off_says_so() -> None:
    assert failing(event(chunk("a", "network_error")), DONE).slug == "model_error"


@pytest.mark.parametrize(
    "idle",
    [
        {"choices": []},
        {"choices": [], "usage": None},
        {"ping": 1},
        chunk(),
        chunk(""),
        OTHER,
    ],
)
def test_an_event_without_news_does_not_move_the_answer_on(idle: dict[str, Any]) -> None:
    assembly = Assembly({}, "api.test")
    assembly.add(event(chunk("a")))
    assert assembly.progressed
    assembly.progressed = False
    assembly.add(event(idle))
    assert not assembly.progressed


def test_halves_of_a_character_in_two_events_are_joined() -> None:
    shown, completion = assemble(event(chunk("\ud83d")), event(chunk("\ude00", "stop")))
    assert shown == completion.text == "😀"


def test_text_that_was_held_back_is_shown_at_the_end() -> None:
    shown, completion = assemble(event(chunk("<thin")), event(chunk(finish="stop")))
    assert shown == completion.text == "<thin"


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["content", "refusal", "reasoning_content"])
def test_the_time_for_many_events_is_linear(name: str) -> None:
    one = event(chunk(**{name: "x" * 300}))
    assert growth(lambda count: assemble(*[one] * count, DONE), 2000) < 24


chunks = json_like("choices delta content index finish_reason usage error code refusal type")
events = st.builds(
    Event, st.sampled_from(["", "error", "ping"]), st.text() | chunks.map(json.dumps)
)


@given(st.lists(events, max_size=6))
@settings(deadline=None)
def test_any_events_are_an_answer_or_a_failure(given_events: list[Event]) -> None:
    code = ExitCode.OK
    try:
        shown, completion = assemble(*given_events)
        assert shown == completion.text
    except Failure as failure:
        code = failure.exit_code
    assert code is not ExitCode.BUG
