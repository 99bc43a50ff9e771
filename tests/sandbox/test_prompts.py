from __future__ import annotations

import json
from typing import Any

import pytest

from mcli.sandbox.prompts import Prompt, Rejected, Turn, read

ONE = [{"role": "user", "content": "hi"}]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"model": ""}, "model"),
    ({"model": 7}, "model"),
    ({"messages": None}, "messages"),
    ({"messages": []}, "messages"),
    ({"messages": "hi"}, "messages"),
    ({"messages": {"role": "user", "content": "hi"}}, "messages"),
    ({"messages": ["hi"]}, "messages[0]"),
    ({"messages": [*ONE, {"content": "hi"}]}, "messages[1].role"),
    ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
    ({"messages": [{"role": ["user"], "content": "hi"}]}, "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "x"}]}]}, "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": {}}]}]}, "messages[0].content"),
    ({"n": 2}, "n"),
    ({"n": 0}, "n"),
    ({"n": "1"}, "n"),
    ({"n": True}, "n"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"max_tokens": 1.5}, "max_tokens"),
    ({"max_tokens": True}, "max_tokens"),
    ({"max_completion_tokens": -1}, "max_completion_tokens"),
    ({"logprobs": 1}, "logprobs"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    ({"logprobs": True, "top_logprobs": True}, "top_logprobs"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"stop": 7}, "stop"),
    ({"stop": ""}, "stop"),
    ({"stop": ["a", 7]}, "stop"),
    ({"stop": {"a": 1}}, "stop"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": []}, "stream_options"),
    ({"response_format": "json"}, "response_format"),
    ({"response_format": {"type": "xml"}}, "response_format.type"),
    ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": 7}}},
        "response_format.json_schema",
    ),
    ({"tool_choice": "any"}, "tool_choice"),
    ({"tools": [{"function": {"name": "a b"}}]}, "tools[0].function"),
    ({"tools": [{"function": {"name": "a"}}]}, "tools[0].function"),
    ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
]


def parsed(**fields: Any) -> Prompt:
    return read(json.dumps({"model": "m", "messages": ONE, **fields}).encode())


def test_the_smallest_request() -> None:
    assert parsed() == Prompt(model="m", turns=(Turn("user", "hi"),))


def test_what_is_null_is_not_asked_for() -> None:
    names = ("n", "stop", "stream", "stream_options", "max_tokens", "response_format")
    assert parsed(**dict.fromkeys(names)) == parsed()
    assert parsed(response_format={}) == parsed()


def test_everything_that_can_be_asked_for() -> None:
    prompt = parsed(
        n=1,
        stop=["a", "b"],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=5,
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"a": 1}}},
        logprobs=True,
        top_logprobs=2,
        temperature=0,
        whatever={"else": True},
    )
    assert prompt == Prompt(
        model="m",
        turns=(Turn("user", "hi"),),
        limit=5,
        stop=("a", "b"),
        stream=True,
        include_usage=True,
        form="json_schema",
        schema={"a": 1},
        top_logprobs=2,
    )


def test_either_name_of_the_limit_counts() -> None:
    assert parsed(max_completion_tokens=3).limit == 3
    assert parsed(max_completion_tokens=3, max_tokens=9).limit == 3


def test_parts_are_joined_and_attachments_counted() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    parts = [{"type": "text", "text": "a "}, image, {"type": "text", "text": "b"}, image]
    messages: list[Any] = [
        {"role": "developer", "content": "be"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "tool", "content": "{}", "tool_call_id": "1"},
    ]
    prompt = parsed(messages=messages)
    assert prompt.turns == (
        Turn("developer", "be"),
        Turn("assistant", ""),
        Turn("user", "a b", 2),
        Turn("assistant", "no"),
        Turn("tool", "{}"),
    )
    assert prompt.system() == "be"
    assert prompt.task() == "a b"


def test_without_a_user_there_is_no_task() -> None:
    assert parsed(messages=[{"role": "system", "content": "x"}]).task() == ""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b'{"model": NaN}', "NaN is not JSON"),
        (b'{"model": "\\ud800", "messages": []}', "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"null", "not a JSON object"),
    ],
)
def test_a_body_that_is_no_object_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(Rejected, match=words) as caught:
        read(raw)
    assert caught.value.status == 400


@pytest.mark.parametrize(("fields", "param"), REFUSED, ids=json.dumps)
def test_what_a_server_refuses_is_refused_and_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Rejected) as caught:
        parsed(**fields)
    assert (caught.value.status, caught.value.param) == (400, param)
    assert caught.value.code
    assert param.partition("[")[0].split(".")[0] in caught.value.message
