"""What a reply says beside its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from mcli.api import turns
from mcli.chat import Token, ToolCall
from tests.api import json_like


def call(**fields: Any) -> dict[str, Any]:
    """A delta of a call: `name` and `arguments` of its function, the rest its own."""
    function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
    return {**fields, "function": function}


ROME = ToolCall("a", "weather", '{"city":"Rome"}')
OSLO = ToolCall("b", "weather", '{"city":"Oslo"}')
START = [
    call(index=0, id="a", name="weather", arguments=""),
    call(index=0, arguments='{"city":'),
    call(index=0, arguments='"Rome"}'),
]


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        (START, (ROME,)),
        ([*START, call(index=1, id="b", name="weather", arguments=OSLO.arguments)], (ROME, OSLO)),
        ([*START, call(index=0, id="b", name="weather", arguments=OSLO.arguments)], (ROME, OSLO)),
        ([call(id="a", name="weather"), call(arguments=ROME.arguments)], (ROME,)),
        (
            [
                call(index=1, id="b", name="weather", arguments='{"city":'),
                call(index=0, id="a", name="weather", arguments='{"city":'),
                call(index=1, arguments='"Oslo"}'),
                call(index=0, arguments='"Rome"}'),
            ],
            (OSLO, ROME),
        ),
        (
            [
                call(index=0, id="a", name="weather"),
                call(index=0, id="a", name="weather", arguments={"city": "Rome"}),
            ],
            (ToolCall("a", "weather", '{"city": "Rome"}'),),
        ),
        (
            [call(index=0, id="a", name="weather"), call(index=0, id="", arguments=ROME.arguments)],
            (ROME,),
        ),
        ([call(name="weather", arguments="{}")], (ToolCall("call_1", "weather", "{}"),)),
        (["x"], (ToolCall("call_1", "", ""),)),
    ],
)  # fmt: skip
def test_calls_are_put_together(deltas: list[Any], calls: tuple[ToolCall, ...]) -> None:
    found = turns.Calls()
    for delta in deltas:
        found.feed({"tool_calls": [delta]})
    assert found.all() == calls


def test_several_whole_calls_without_numbers_are_several() -> None:
    found = turns.Calls()
    found.feed({"tool_calls": [call(id="a", name="x", arguments="{}"), call(id="b", name="y")]})
    assert [one.name for one in found.all()] == ["x", "y"]
    found = turns.Calls()
    found.feed({"tool_calls": [call(name="x", arguments="{}"), call(name="y", arguments="{}")]})
    assert [one.name for one in found.all()] == ["x", "y"]


def test_a_call_that_repeats_an_id_is_a_call_of_its_own() -> None:
    """Some servers call all of them `call_0`, or number each 0."""
    twice = [
        call(id="a", index=0, name="x", arguments='{"n":1}'),
        call(id="a", index=0, name="x", arguments='{"n":2}'),
        call(id="call_2", name="y", arguments="{}"),
    ]
    found = turns.Calls()
    found.whole({"tool_calls": twice})
    assert [(one.id, one.name, one.arguments) for one in found.all()] == [
        ("a", "x", '{"n":1}'), ("call_3", "x", '{"n":2}'), ("call_2", "y", "{}"),
    ]  # fmt: skip

    found = turns.Calls()
    for n in range(2):
        found.feed({"tool_calls": [call(id="a", index=n, name="x", arguments="{}")]})
    assert [one.id for one in found.all()] == ["a", "call_2"]


def test_what_the_provider_signed_is_kept() -> None:
    """Gemini refuses a turn without it; what is not to be said is dropped."""
    signed = {"extra_content": {"google": {"thought_signature": "c2ln"}}}
    for odd in ({}, {"extra_content": "x"}, {"extra_content": {"a": "\ud83d"}}):
        found = turns.Calls()
        found.whole({"tool_calls": [call(id="a", name="x", **signed), call(id="b", **odd)]})
        assert [one.extra for one in found.all()] == [signed, {}]
    found = turns.Calls()
    found.feed({"tool_calls": [call(index=0, id="a", name="x", **signed)]})
    found.feed({"tool_calls": [call(index=0, arguments="{}")]})
    assert found.all() == (ToolCall("a", "x", "{}", signed),)


def test_the_old_way_of_calling_is_read() -> None:
    found = turns.Calls()
    found.feed({"function_call": {"name": "weather", "arguments": "{}"}})
    assert found.all() == (ToolCall("call_1", "weather", "{}"),)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"reasoning_content": "hm"}, "hm"),
        ({"reasoning": "hm", "reasoning_content": None}, "hm"),
        ({"reasoning_details": [{"text": "h"}, {"summary": "m"}]}, "hm"),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}, "hm"),
        (
            {"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text"}]},
            "hm",
        ),
        ({"content": "x"}, ""),
    ],
)
def test_reasoning_has_many_names(fields: dict[str, Any], text: str) -> None:
    assert turns.reasoning(fields) == text


def test_tokens_with_their_probabilities() -> None:
    top = [{"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -99999}]
    given = {"logprobs": {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": top}]}}
    assert turns.tokens(given) == (Token("yes", -0.1, (("yes", -0.1), ("no", -9999.0))),)
    for odd in (None, {}, {"content": None}, {"content": [{"token": 1, "logprob": -1}]}, []):
        assert turns.tokens({"logprobs": odd}) == ()


@given(json_like("tool_calls function_call id index name arguments function type thinking text"))
def test_whatever_a_server_says_is_read_or_left(value: Any) -> None:
    fields = value if isinstance(value, dict) else {"tool_calls": value, "content": value}
    found = turns.Calls()
    found.feed(fields)
    assert all(one.id for one in found.all())
    assert isinstance(turns.reasoning(fields), str)
    assert isinstance(turns.tokens({"logprobs": value}), tuple)
