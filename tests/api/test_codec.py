"""What is sent is what was asked for; what comes back is an answer or one Failure that says why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcli.api import codec
from mcli.chat import Completion, Message, Request, Usage
from mcli.errors import BadInput, BadReply, ExitCode, Failure, Recovery, TryAgain
from tests.api import json_like

MESSAGES = (Message("system", "be brief"), Message("user", "hi"))


def decode(value: Any) -> Completion:
    """The completion in a reply; `value` is its bytes or its JSON."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return codec.decode(raw, {"content-type": "application/json"}, "api.test")


def reply(content: Any = "Paris.", finish: Any = "stop", **fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **fields}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def field(raw: bytes) -> bytes:
    """A good reply with one more field, whose JSON is `raw`."""
    return b'{"x": ' + raw + b", " + json.dumps(reply()).encode()[1:]


def test_a_body_is_the_model_and_the_messages_and_nothing_nobody_asked_for() -> None:
    assert codec.body_of(Request("m", MESSAGES)) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hi"},
        ],
    }


def test_a_body_has_the_parameters_as_they_stand() -> None:
    params = {"temperature": 0, "stop": ["a"], "provider": {"order": [None, True]}}
    body = codec.body_of(Request("m", MESSAGES, params, frozenset({"temperature"}), stream=True))
    assert {name: body[name] for name in params} == params
    assert body.keys() == {"model", "messages", "stream", *params}


@given(st.text(), st.text())
def test_text_is_sent_as_it_is(model: str, content: str) -> None:
    sent = json.loads(codec.encode(Request(model, (Message("user", content),))))
    assert sent == {"model": model, "messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    "request_",
    [
        Request("m", (Message("user", "a\udcffb"),)),
        Request("m\ud800", MESSAGES),
        Request("m", MESSAGES, {"x": float("nan")}),
        Request("m", MESSAGES, {"x": [float("inf")]}),
    ],
    ids=["content", "model", "nan", "infinity"],
)
def test_what_json_cannot_say_is_not_sent(request_: Request) -> None:
    with pytest.raises(BadInput):
        codec.encode(request_)


@pytest.mark.parametrize("streams", [True, False])
def test_a_key_is_in_one_header_and_without_a_key_there_is_none(streams: bool) -> None:
    with_key, without = codec.headers("sk-1", streams), codec.headers(None, streams)
    assert [name for name, value in with_key.items() if "sk-1" in value] == ["Authorization"]
    assert without.keys() == with_key.keys() - {"Authorization"}
    assert without["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Paris.", "Paris."),
        ("", ""),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "He"}, {"type": "text", "text": "llo"}], "Hello"),
        ([{"type": "output_text", "text": "Hello"}], "Hello"),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hello"}], "Hello"),
        ([{"type": "text", "text": 5}, {"type": "text"}, "Hello", 7, None], "Hello"),
        ("<think>hm</think>Hello", "Hello"),
        ("\ud83d\ude00 \ud83d", "😀 \ufffd"),
        ([{"type": "text", "text": "\ud83d"}, {"type": "text", "text": "\ude00"}], "😀"),
        ("a\x00b\u2028c", "a\x00b\u2028c"),
    ],
)
def test_the_text_of_a_message(content: Any, text: str) -> None:
    assert decode(reply(content)).text == text


@pytest.mark.parametrize(
    "value",
    [
        {"choices": []},
        {"choices": None},
        {"choices": {}},
        {"choices": "x"},
        {"choices": [7]},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"message": None}]},
        {"choices": [{"message": "Paris."}]},
        {"choices": [{"index": 1, "message": {"content": "Paris."}}]},
        {},
        {"id": "x"},
        [],
        [1],
        reply(7),
        reply(True),
        reply({"a": 1}),
    ],
)
def test_a_reply_of_another_shape_is_not_an_answer(value: Any) -> None:
    with pytest.raises(BadReply) as caught:
        decode(value)
    assert caught.value.slug == "wrong_shape"
    assert (caught.value.recovery, caught.value.charged) == (Recovery.CHARGED, "yes")


@pytest.mark.parametrize(
    ("raw", "slug"),
    [
        (b"", "empty_reply"),
        (b" \r\n\n", "empty_reply"),
        (b"\xef\xbb\xbf", "empty_reply"),
        (b"<html><title>Log in</title>", "not_json"),
        (b"data: {}", "not_json"),
        (b'"Paris."', "not_json"),
        (b"null", "not_json"),
        (b'{"choices": [', "bad_json"),
        (b'{"choices": []} {}', "bad_json"),
        (b"{'choices': []}", "bad_json"),
        (b'{"a": "\xff"}', "bad_encoding"),
        (b'{"a": "\xed\xa0\x80"}', "bad_encoding"),
        (field(b"9" * 5000), "bad_json"),
        (b"[" * 100_000 + b"]" * 100_000, "bad_json"),
    ],
)
def test_a_reply_that_is_not_json_is_not_an_answer(raw: bytes, slug: str) -> None:
    with pytest.raises(BadReply) as caught:
        decode(raw)
    assert caught.value.slug == slug


def test_a_page_is_told_by_its_title_and_its_host() -> None:
    page = b"<html><title>Log in\x1b[2J</title><body>welcome</body></html>"
    with pytest.raises(BadReply, match=r"api\.test") as caught:
        codec.decode(page, {"content-type": "text/html"}, "api.test")
    assert "text/html" in caught.value.message
    assert "Log in" in caught.value.message
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + json.dumps(reply()).encode(),
        b"\n\n\n" + json.dumps(reply()).encode() + b"\n",
        field(b"NaN"),
        field(b"-Infinity"),
        field(b'1, "x": 2'),
        field(b"[" * 200 + b"]" * 200),
        field(json.dumps(reply()["choices"]).encode()),
    ],
    ids=["mark", "blank lines", "NaN", "infinity", "twice", "nested", "more"],
)
def test_oddities_around_an_answer_do_not_spoil_it(raw: bytes) -> None:
    assert decode(raw).text == "Paris."


@pytest.mark.parametrize(
    ("word", "normal"),
    [
        *((word, "stop") for word in ("stop", "STOP", "end_turn", "COMPLETE", "eos", "end")),
        *((word, "length") for word in ("length", "MAX_TOKENS", "model_length", "token_limit")),
        *((word, "tool_calls") for word in ("tool_calls", "tool_use", "function_call")),
        *((w, "content_filter") for w in ("content_filter", "SAFETY", "IMAGE_SAFETY", "SPII")),
        *((word, None) for word in (None, "", 7, [], {})),
        ("because", "because"),
        ("\udcff", "\ufffd"),
    ],
)
def test_why_an_answer_ended(word: Any, normal: str | None) -> None:
    assert decode(reply(finish=word)).finish_reason == normal


@pytest.mark.parametrize("word", ["error", "ERROR", "network_error", "MALFORMED_FUNCTION_CALL",
                                  "aborted", "insufficient_system_resource"])  # fmt: skip
def test_an_answer_that_the_provider_broke_off_is_none(word: str) -> None:
    with pytest.raises(TryAgain) as caught:
        decode(reply(finish=word))
    assert caught.value.recovery is Recovery.CHARGED


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ("none", None),
        ([1], None),
        ({}, Usage()),
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, Usage(9, 3, 12)),
        ({"prompt_tokens": 9, "completion_tokens": None}, Usage(9)),
        ({"prompt_tokens": "9", "completion_tokens": -1, "total_tokens": True}, Usage()),
        ({"prompt_tokens": 9.5, "total_tokens": [12]}, Usage()),
        ({"prompt_tokens_details": {"cached_tokens": 4}}, Usage(cached_tokens=4)),
        ({"prompt_tokens_details": {"cached_tokens": "4"}}, Usage()),
        ({"prompt_cache_hit_tokens": 4}, Usage(cached_tokens=4)),
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, Usage(reasoning_tokens=7)),
        ({"completion_tokens_details": [], "prompt_tokens_details": None}, Usage()),
    ],
)
def test_usage_is_what_the_server_counted_or_unknown(usage: Any, expected: Usage | None) -> None:
    assert decode(reply() | {"usage": usage}).usage == expected


def test_the_first_choice_is_the_one_with_index_0() -> None:
    other = {"index": 1, "message": {"content": "Rome."}, "finish_reason": "stop"}
    assert decode({"choices": [other, *reply()["choices"]]}).text == "Paris."


def test_what_else_a_reply_says_of_itself() -> None:
    value = reply(None, refusal="I will not", tool_calls=[{"id": "1"}]) | {"model": "m-2"}
    completion = decode(value)
    assert (completion.refusal, bool(completion.calls)) == ("I will not", True)
    assert completion.model == "m-2"


@pytest.mark.parametrize("model", [None, 7, "", []])
def test_a_model_without_a_name_is_unknown(model: Any) -> None:
    assert decode(reply() | {"model": model}).model is None


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(Failure) as caught:
        decode({"error": {"code": 401, "message": "bad key"}, "choices": []})
    assert caught.value.exit_code is ExitCode.NOT_ALLOWED


def test_an_empty_error_beside_an_answer_is_no_error() -> None:
    assert decode(reply() | {"error": None}).text == "Paris."


replies = json_like("choices message content index finish_reason usage model error code refusal")


@given(st.binary(max_size=60) | replies.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None)
def test_any_reply_is_an_answer_or_a_failure(raw: bytes) -> None:
    code = ExitCode.OK
    try:
        assert isinstance(decode(raw).text, str)
    except Failure as failure:
        code = failure.exit_code
    assert code is not ExitCode.BUG


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ({"data": [{"id": "a"}, {"id": "b\tc"}]}, ["a", "b c"]),
        ({"models": [{"name": "a"}]}, ["a"]),
        ({"data": [{"id": "\udcff"}]}, ["\ufffd"]),
        ({"data": None, "models": ["a"]}, ["a"]),
        (["a", {"id": "b"}], ["a", "b"]),
        ({"data": [{"id": 7}, None, {}, 5]}, []),
    ],
)
def test_the_models_of_a_list_in_any_shape(value: Any, ids: list[str]) -> None:
    assert [entry["id"] for entry in codec.model_ids(value)] == ids


@pytest.mark.parametrize("value", [{}, None, "x", {"data": {}}])
def test_a_list_of_models_that_is_none(value: Any) -> None:
    with pytest.raises(BadReply):
        codec.model_ids(value)
