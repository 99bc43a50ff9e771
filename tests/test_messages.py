"""Messages as the API words them: what is written, what is read, and that both agree."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import messages
from mcli.chat import Completion, Message, ToolCall
from mcli.history import History
from tests.api import json_like

NAMES = "role content type text tool_calls tool_call_id id function name arguments"

PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (Message("user", "hi"), {"role": "user", "content": "hi"}),
        (
            Message("user", "hi", (PNG,)),
            {"role": "user", "content": [{"type": "text", "text": "hi"}, PNG]},
        ),
        (Message("user", "", (PNG,)), {"role": "user", "content": [PNG]}),
        (
            Message("tool", "21", call_id="c1", name="weather"),
            {"role": "tool", "content": "21", "tool_call_id": "c1", "name": "weather"},
        ),
        (
            Message("assistant", "", calls=(ToolCall("c1", "weather", "{}"),)),
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": "{}"},
                    }
                ],
            },
        ),
    ],
)
def test_a_turn_as_it_is_sent(message: Message, told: dict[str, Any]) -> None:
    assert messages.wire(message) == told


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TEXT = {"type": "text", "text": "hi"}


@pytest.mark.parametrize(
    "told",
    [
        {"role": "user", "content": "hi"},
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": [TEXT]},
        {"role": "user", "content": [TEXT, PNG]},
        {"role": "user", "content": [PNG, TEXT]},
        {"role": "user", "content": [TEXT, TEXT]},
        {"role": "user", "content": [{**TEXT, "cache_control": {"type": "ephemeral"}}, PNG]},
        {"role": "user", "content": [{"type": "text", "text": ""}, PNG]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "assistant", "content": "I look.", "tool_calls": [CALL, {**CALL, "index": 1}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "type": "custom", "custom": {"name": "f", "input": "any"}}]},
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "x", "reasoning_content": "why", "prefix": True},
        {"role": "tool", "content": "21", "tool_call_id": "c1"},
        {"role": "tool", "content": [TEXT], "tool_call_id": "c1", "name": "f"},
    ],
)  # fmt: skip
def test_what_is_read_is_sent_as_it_was(told: dict[str, Any]) -> None:
    assert messages.wire(messages.read(told, "m")) == told


def test_what_is_null_or_no_call_is_left_out() -> None:
    told = {"role": "assistant", "content": "x", "tool_calls": [], "refusal": None, "name": None}

    assert messages.wire(messages.read(told, "m")) == {"role": "assistant", "content": "x"}


def test_a_message_without_content_says_so() -> None:
    read = messages.read({"role": "assistant", "tool_calls": [CALL]}, "m")

    assert (read.content, read.calls) == ("", (ToolCall("c1", "f", "{}"),))
    assert messages.wire(read)["content"] is None


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("hi", "it is no array of messages"),
        ({"messages": []}, "it is no array of messages (jq .messages makes one)"),
        (["hi"], "messages[0] is not an object"),
        ([{"content": "hi"}], "messages[0].role is not one of system, developer, user"),
        ([{"role": "User", "content": "hi"}], "messages[0].role is not one of"),
        ([{"role": ["user"], "content": "hi"}], "messages[0].role is not one of"),
        ([{"role": "user"}], "messages[0].content is missing"),
        ([{"role": "user", "content": None}], "messages[0].content is missing"),
        ([{"role": "tool", "content": None, "tool_call_id": "c"}], "content is missing"),
        ([{"role": "assistant"}], "messages[0].content is missing"),
        ([{"role": "assistant", "content": None, "tool_calls": []}], "[0].content is missing"),
        ([{"role": "user", "content": 7}], "messages[0].content is neither a text nor a list"),
        ([{"role": "user", "content": []}], "messages[0].content is neither a text nor a list"),
        ([{"role": "user", "content": ["a"]}], "messages[0].content[0] is not an object"),
        ([{"role": "user", "content": [{}]}], "messages[0].content[0].type is not a text"),
        ([{"role": "user", "content": [TEXT, {"type": "text"}]}], "content[1].text is not a text"),
        ([{"role": "user", "content": "a"}, {"role": "user"}], "messages[1].content is missing"),
        ([{"role": "user", "content": "a", "name": 1}], "messages[0].name is not a text"),
        ([{"role": "tool", "content": "21"}], "messages[0].tool_call_id is missing"),
        ([{"role": "tool", "content": "21", "tool_call_id": 1}], "tool_call_id is not a text"),
        ([{"role": "user", "content": "a", "tool_call_id": "c"}], "a message of the tool"),
        ([{"role": "user", "content": "a", "tool_calls": [CALL]}], "a message of the assistant"),
        ([{"role": "assistant", "tool_calls": "x"}], "messages[0].tool_calls is not a list"),
        ([{"role": "assistant", "tool_calls": [1]}], "messages[0].tool_calls[0] is not an object"),
        ([{"role": "assistant", "tool_calls": [{**CALL, "id": 1}]}], "tool_calls[0].id is not"),
        ([{"role": "assistant", "tool_calls": [{"id": "c"}]}], "tool_calls[0].function is not"),
        ([{"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f"}}]}],
            "messages[0].tool_calls[0].function.arguments is not a text"),
        ([{"role": "user", "content": "\ud83d"}], "half a character"),
        ([{"role": "user", "content": "a", "x": float("inf")}], "a number that is too large"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        messages.read_all(value)


@given(json_like(NAMES))
def test_any_value_is_messages_or_one_complaint(value: Any) -> None:
    try:
        found = messages.read_all(value)
    except ValueError:
        return
    json.dumps(list(map(messages.wire, found)))


FIELDS = st.dictionaries(
    st.sampled_from(("content", "name", "tool_calls", "tool_call_id", "refusal", "x")),
    st.one_of(json_like(NAMES), st.just([CALL]), st.just([TEXT, PNG]), st.text()),
)


@given(st.sampled_from(messages.ROLES), FIELDS)
def test_a_message_that_is_taken_is_sent_as_it_was(role: str, fields: dict[str, Any]) -> None:
    told = {"role": role, **fields}
    try:
        sent = messages.wire(messages.read(told, "m"))
    except ValueError:
        return
    kept = {name: said for name, said in told.items() if said is not None}
    if kept.get("tool_calls") == []:
        del kept["tool_calls"]
    assert sent == {"content": None, **kept}


def test_an_answer_is_a_message() -> None:
    calls = (ToolCall("c1", "f", "{}"),)

    assert messages.wire(messages.answered(Completion("hi", "stop", reasoning="why"))) == {
        "role": "assistant", "content": "hi",
    }  # fmt: skip
    assert messages.wire(messages.answered(Completion("", "tool_calls", calls=calls))) == {
        "role": "assistant", "content": None, "tool_calls": [CALL],
    }  # fmt: skip
    assert messages.wire(messages.answered(Completion("", "stop", refusal="No."))) == {
        "role": "assistant", "content": None, "refusal": "No.",
    }  # fmt: skip


SYSTEM, ASKED, SAID = Message("system", "s"), Message("user", "q"), Message("assistant", "a")
NOW = (Message("system", "now"), Message("user", "next"))
NOTHING = (Message("user", ""),)


def test_a_history_stands_behind_the_system_messages() -> None:
    assert History((ASKED, SAID)).joined(NOW) == (NOW[0], ASKED, SAID, NOW[1])


def test_a_whole_conversation_keeps_its_own_system_message_first() -> None:
    whole = History((SYSTEM, ASKED, SAID), whole=True)

    assert whole.joined(NOW) == (SYSTEM, NOW[0], ASKED, SAID, NOW[1])
    assert whole.joined(NOTHING) == (SYSTEM, ASKED, SAID)


def test_a_turn_is_what_was_added_without_attempts_that_were_no_use() -> None:
    past = History((ASKED, SAID))
    called = Message("assistant", "", calls=(ToolCall("c1", "f", "{}"),))
    result = Message("tool", "21", call_id="c1")
    sent = (*past.joined(NOW), called, result, Message("assistant", "bad"), Message("user", "no!"))
    answer = Message("assistant", "good")

    assert past.turn(sent, answer) == (NOW[1], called, result, answer)
